//! What callqr prints when it has started: where to go and what to do next.

use std::fmt::{self, Write};
use std::io::{self, IsTerminal as _};
use std::path::absolute;

use serde_json::json;

use super::{OutputFormat, output};
use crate::app::App;
use crate::operator::Refusal;
use crate::qr::Qr;

/// Prints to standard output rather than the log: the setup link is a secret for the person who started the program.
pub fn print(app: &App, format: &OutputFormat) -> Result<(), Refusal> {
    if format.json {
        return output::json(&json!({
            "version": env!("CARGO_PKG_VERSION"),
            "urls": app.urls(),
            "authority": app.ca_fingerprint(),
            "dataDir": absolute(app.data_dir()).unwrap_or_else(|_| app.data_dir().to_owned()),
            "metrics": app.metrics_address().map(|address| format!("http://{address}/metrics")),
            "setupLink": app.setup_link(),
        }));
    }
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, app);
    output::say(&text)
}

fn write(text: &mut String, app: &App) -> fmt::Result {
    writeln!(text, "callqr {} is running.\n", env!("CARGO_PKG_VERSION"))?;
    for (index, url) in app.urls().iter().enumerate() {
        writeln!(text, "  {:<16}{url}", if index == 0 { "Open" } else { "" })?;
    }
    if let Some(fingerprint) = app.ca_fingerprint() {
        // In two halves: as one it is wider than most terminals, and wraps where it hinders comparing.
        let (first, second) = fingerprint.split_at(fingerprint.len() / 2 + 1);
        writeln!(text, "  {:<16}SHA-256 {first}", "Authority")?;
        writeln!(text, "  {:<16}        {second}", "")?;
        writeln!(text, "  {:<16}Browsers warn until they trust it: see the page's footer.", "")?;
    }
    let data = absolute(app.data_dir()).unwrap_or_else(|_| app.data_dir().to_owned());
    writeln!(text, "  {:<16}{}", "Data", data.display())?;
    if let Some(address) = app.metrics_address() {
        writeln!(text, "  {:<16}http://{address}/metrics", "Metrics")?;
    }
    let Some(link) = app.setup_link() else {
        return writeln!(text, "\nPress Ctrl-C to stop.");
    };
    let is_terminal = io::stdout().is_terminal();
    // What has to be done stands at the end: there it is seen, however few lines the terminal has.
    match Qr::encode_small(link) {
        Ok(code) => write!(text, "\n{}", code.terminal(is_terminal))?,
        Err(error) => tracing::warn!(%error, "the setup link does not fit into a QR code"),
    }
    let (bold, plain) = if is_terminal { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    writeln!(text, "Create the first account within 30 minutes. This link works once:")?;
    writeln!(text, "{bold}{link}{plain}")?;
    writeln!(text, "Press Ctrl-C to stop. Every start prints a new link.")
}

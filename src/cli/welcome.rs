//! What a person reads when the appliance has started: where to go and what to do next.

use std::io::{self, IsTerminal as _};

use crate::app::App;
use crate::service::qr::Qr;

/// Prints to standard output, which is not the log: the set-up link is a secret for whoever started the program.
pub fn print(app: &App) {
    println!("callqr {} is running.\n", env!("CARGO_PKG_VERSION"));
    for (index, url) in app.urls().iter().enumerate() {
        println!("  {:<16}{url}", if index == 0 { "Open" } else { "" });
    }
    if let Some(fingerprint) = app.ca_fingerprint() {
        println!("  {:<16}SHA-256 {fingerprint}", "Authority");
        println!("  {:<16}Browsers warn until they trust it: the set-up page tells how.", "");
    }
    println!("  {:<16}{}", "Data", app.data_dir().display());
    let Some(link) = app.setup_link() else {
        println!("\nCtrl-C stops it.");
        return;
    };
    println!("\nMake the first account within 30 minutes; this link works once:\n\n  {link}\n");
    match Qr::encode(link) {
        Ok(code) => println!("{}", code.terminal(io::stdout().is_terminal())),
        Err(error) => tracing::warn!(%error, "the set-up link does not fit into a QR code"),
    }
    println!("Ctrl-C stops it. A new start prints a new link.");
}

//! A link as a QR code: in the terminal, and as files.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{OutputFormat, output};
use crate::domain::{Error, Kind};
use crate::operator::Refusal;
use crate::qr::Qr;

/// Pixels per module of a PNG: a sticker of 5 cm at 300 dpi and more.
const PNG_SCALE: usize = 12;

/// Where to put the QR code.
#[derive(Args)]
pub struct Pictures {
    /// Write the QR code as a PNG picture
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Write the QR code as an SVG drawing, to print at any size
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print the QR code even where the output is no terminal
    #[arg(long)]
    qr: bool,
}

impl Pictures {
    /// Whether any was asked for.
    pub const fn wanted(&self) -> bool {
        self.png.is_some() || self.svg.is_some() || self.qr
    }

    /// Shows the code of `link` where it is wanted.
    ///
    /// # Errors
    /// `file` when a picture cannot be written; everything else has been written by then.
    pub fn show(&self, link: &str, format: &OutputFormat) -> Result<(), Refusal> {
        let code = Qr::encode(link)?;
        let terminal = io::stdout().is_terminal();
        if !format.json && (terminal || self.qr) {
            output::say(&match columns() {
                Some(columns) if columns < code.side() => format!(
                    "The QR code needs {} columns and this terminal has {columns}: widen it, or write a file with \
                     --svg or --png.\n",
                    code.side()
                ),
                _ => format!("{}\n", code.terminal(terminal)),
            })?;
        }
        let png = self.png.as_ref().map(|file| code.png(PNG_SCALE).map(|content| (file, content))).transpose()?;
        let svg = self.svg.as_ref().map(|file| (file, code.svg().into_bytes()));
        for (file, content) in png.into_iter().chain(svg) {
            write(file, &content).map_err(|error| {
                let message = format!("The picture {} cannot be written: {error}.", file.display());
                Error::new(Kind::Internal, "file", message).hint("The link above works all the same.")
            })?;
        }
        Ok(())
    }
}

/// A picture carries the same secret as its link, so a new file is for its owner alone.
fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?.write_all(content)
}

/// How wide the terminal is, where there is one that says so.
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

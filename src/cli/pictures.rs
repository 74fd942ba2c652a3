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
    /// Write the QR code as a PNG image
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Write the QR code as an SVG image, which prints at any size
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print the QR code even if the output is not a terminal
    #[arg(long)]
    qr: bool,
}

impl Pictures {
    /// Whether any output was asked for.
    pub const fn wanted(&self) -> bool {
        self.png.is_some() || self.svg.is_some() || self.qr
    }

    /// Shows the code of `link` where it is wanted.
    ///
    /// # Errors
    /// `file` when an image cannot be written; everything else has been written by then.
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
                let message = format!("The image {} cannot be written: {error}.", file.display());
                Error::new(Kind::Internal, "file", message).hint("The link above still works.")
            })?;
        }
        Ok(())
    }
}

/// An image carries the same secret as its link, so only the user can read a new file.
fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?.write_all(content)
}

/// The terminal's width, if known.
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

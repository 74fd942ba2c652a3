//! `callqr pages`

use clap::Subcommand;
use serde_json::json;

use crate::app;
use crate::cli::{OutputFormat, output};
use crate::operator::Refusal;

#[derive(Subcommand)]
pub enum Pages {
    /// Print the hash of the pages that this program serves, to compare with what owners' devices show
    Hash,
    /// Print the list behind the hash: each file's SHA-256, in `sha256sum` format
    List,
}

/// Prints what this program itself serves: it needs no server and no data.
pub fn execute(command: &Pages, format: &OutputFormat) -> Result<(), Refusal> {
    let pages = app::pages();
    match (command, format.json) {
        (Pages::Hash, false) => output::say(&format!("{}\n", pages.grouped())),
        (Pages::List, false) => output::say(pages.text()),
        (Pages::Hash, true) => output::json(&json!({ "hash": pages.hash(), "short": pages.short() })),
        (Pages::List, true) => {
            let files: Vec<_> = pages.files().map(|(path, sha256)| json!({ "path": path, "sha256": sha256 })).collect();
            output::json(&json!({ "hash": pages.hash(), "short": pages.short(), "files": files }))
        }
    }
}

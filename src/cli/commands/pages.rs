//! `callqr pages`

use clap::Subcommand;
use serde_json::json;

use crate::app;
use crate::cli::{OutputFormat, output};
use crate::operator::Refusal;

#[derive(Subcommand)]
pub enum Pages {
    /// Print the hash of the pages that this program serves: what owners' devices show is compared with it
    Hash,
    /// Print the list behind the hash: each file's SHA-256, as `sha256sum` writes it
    List,
}

/// Says what this very program serves: no server and no data are needed.
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

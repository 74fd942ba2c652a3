//! What the pages consist of, as one text that devices pin and people compare (`docs/e2e.md`, section 7).

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// How many hexadecimal digits are read out at a time, and how many of them name a list among people.
const GROUP: usize = 4;
const SHORT: usize = 16;

/// Every file as it is served, with its SHA-256, and the hash of all that: the pages' hash.
#[derive(Debug)]
pub struct PageList {
    text: String,
    hash: String,
}

impl PageList {
    /// Lists `files`, each with the SHA-256 of its content in hexadecimal, which are served under the name `build`. Sorts
    /// them by their paths' bytes.
    #[must_use]
    pub fn new<'a>(build: &str, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_unstable_by_key(|(path, _)| *path);
        // `sha256sum --check` takes the first line for a comment.
        let mut text = format!("# callqr pages 1 {build}\n");
        for (path, digest) in files {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{digest}  {path}");
        }
        Self { hash: sha256(text.as_bytes()), text }
    }

    /// The list, as it is served and hashed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the list, as 64 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The hash in groups of four digits: what eyes can follow.
    #[must_use]
    pub fn grouped(&self) -> String {
        grouped(&self.hash)
    }

    /// Its first four groups: what the pages show where there is little room.
    #[must_use]
    pub fn short(&self) -> String {
        grouped(&self.hash[..SHORT])
    }

    /// Path and SHA-256 of each file.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text.lines().filter_map(|line| line.split_once("  ")).map(|(hash, path)| (path, hash))
    }
}

fn grouped(digits: &str) -> String {
    digits.as_bytes().chunks(GROUP).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_list_is_that_of_the_vector_in_whatever_order_its_files_come() {
        let vector: Value = serde_json::from_str(include_str!("../../tests/fixtures/pages.json")).unwrap();
        let files = vector["files"].as_object().unwrap();
        let digests: Vec<_> =
            files.iter().map(|(path, content)| (path.as_str(), sha256(content.as_str().unwrap().as_bytes()))).collect();
        let files = || digests.iter().map(|(path, digest)| (*path, digest.as_str()));
        let build = vector["build"].as_str().unwrap();
        let backwards: Vec<_> = files().collect::<Vec<_>>().into_iter().rev().collect();
        for list in [PageList::new(build, files()), PageList::new(build, backwards)] {
            assert_eq!(list.text(), vector["list"].as_str().unwrap());
            assert_eq!(
                (list.hash(), list.short()),
                (vector["hash"].as_str().unwrap(), vector["short"].as_str().unwrap().into())
            );
            assert_eq!(list.grouped().replace(' ', ""), list.hash());
            assert_eq!(list.files().count(), files().count());
        }
    }
}

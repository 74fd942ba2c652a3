//! Every link and picture of the documents leads somewhere: to a file that is kept, and to a heading in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let kept = kept();
    let mut seen = 0;
    let mut wrong = Vec::new();
    for document in kept.iter().filter(|file| is_markdown(file)) {
        let text = fs::read_to_string(document).unwrap();
        for link in links(&text) {
            seen += 1;
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { document.clone() } else { resolved(document, path) };
            let leads = leads_to(&kept, &target) && (heading.is_empty() || headings(&target).contains(heading));
            if !leads {
                wrong.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(seen > 100, "the scan found only {seen} links: it no longer understands the documents");
    assert!(wrong.is_empty(), "these lead nowhere:\n{}", wrong.join("\n"));
}

/// The files that a clone gets, those included that the next commit adds.
fn kept() -> BTreeSet<PathBuf> {
    let git = Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]).output().unwrap();
    assert!(git.status.success(), "git ls-files: {}", String::from_utf8_lossy(&git.stderr));
    let listed = String::from_utf8(git.stdout).unwrap();
    listed.lines().map(PathBuf::from).filter(|file| file.exists()).collect()
}

fn is_markdown(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "md")
}

/// Where the links and pictures of a document lead, but for those of other sites.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let between = |opening, closing| {
        text.split(opening).skip(1).filter_map(move |rest: &str| rest.split_once(closing)).map(|(target, _)| target)
    };
    let targets = between("](", ")").chain(between("src=\"", "\"")).chain(between("href=\"", "\""));
    targets.filter(|target| !target.contains(':') && !target.contains(char::is_whitespace))
}

/// A link's file, named from the project's root.
fn resolved(document: &Path, path: &str) -> PathBuf {
    let mut target = document.parent().unwrap_or(Path::new("")).to_owned();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                target.pop();
            }
            name => target.push(name),
        }
    }
    target
}

fn leads_to(kept: &BTreeSet<PathBuf>, target: &Path) -> bool {
    kept.iter().any(|file| file.starts_with(target))
}

/// A document's headings, as a link names them.
fn headings(document: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(document).unwrap_or_default();
    let titles = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    titles.map(anchor).collect()
}

/// `The kit: what's in it` is `the-kit-whats-in-it`.
fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

//! The arrows of `src/lib.rs`, checked against what the code imports.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may import whom. A room that is not named may import nothing of ours.
const ALLOWED: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("cli", &["app", "config", "domain", "service", "store", "telemetry", "tls"]),
    ("app", &["config", "domain", "hub", "relay", "service", "store", "telemetry", "tls", "web"]),
    ("web", &["domain", "hub", "proto::signal", "service"]),
    ("hub", &["domain", "proto::signal", "service"]),
    ("relay", &["domain", "proto::stun", "proto::turn"]),
    ("service", &["domain", "files", "proto::turn::credentials", "store"]),
    ("store", &["domain", "files"]),
    ("proto", &["domain"]),
    ("config", &["domain"]),
    ("tls", &["domain", "files"]),
    ("files", &["domain"]),
];

#[test]
fn imports_only_point_down() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in rust_files(Path::new("src")) {
        let room = room_of(&file);
        for target in imports(&fs::read_to_string(&file).unwrap()) {
            if target == room || target.starts_with(&format!("{room}::")) {
                continue;
            }
            seen += 1;
            let allowed = ALLOWED.iter().find(|(from, _)| *from == room).map_or(&[][..], |(_, to)| to);
            let fits = |to: &str| target == to || target.starts_with(&format!("{to}::"));
            if !allowed.iter().any(|to| fits(to)) {
                wrong.push(format!("{}: imports {target}", file.display()));
            }
        }
    }
    assert!(seen > 20, "the scan found only {seen} imports: it no longer understands the code");
    assert!(wrong.is_empty(), "arrows that point up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn the_scan_reads_imports_in_every_form() {
    let code = "use crate::store::Store;\nuse crate::{domain::ids, relay::{Relay, Options}};\n// use crate::cli::x;\nlet a = crate::hub::Hub::new();\npub(crate) fn f() {}";
    let found = imports(code);
    let expected = ["domain::ids", "hub::Hub::new", "relay::Relay", "relay::Options", "store::Store"];
    assert_eq!(found, expected.into_iter().map(String::from).collect());
}

#[test]
fn only_the_store_contains_sql_and_only_the_edge_knows_http() {
    for file in rust_files(Path::new("src")) {
        let room = room_of(&file);
        let code = code_of(&fs::read_to_string(&file).unwrap());
        let at = file.display();
        assert!(room == "store" || !code.contains("rusqlite"), "{at}: SQL belongs into store");
        assert!(matches!(&*room, "web" | "app") || !code.contains("axum::"), "{at}: HTTP belongs into web");
        assert!(
            matches!(&*room, "relay" | "app" | "cli")
                || !(code.contains("UdpSocket") || code.contains("TcpListener"))
                || code.contains("#[cfg(test)]"),
            "{at}: sockets belong into relay and app"
        );
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The top-level module that a file belongs to: `src/store/tags.rs` and `src/store.rs` are both `store`.
fn room_of(file: &Path) -> String {
    let first = file.components().nth(1).unwrap().as_os_str().to_string_lossy().into_owned();
    let room = first.trim_end_matches(".rs");
    if room == "lib" { "main".into() } else { room.into() }
}

fn code_of(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Every path that begins with `crate::` (or `callqr::` in main), with groups in braces taken apart.
fn imports(text: &str) -> BTreeSet<String> {
    let code = code_of(text);
    let mut found = BTreeSet::new();
    for keyword in ["crate::", "callqr::"] {
        for (at, _) in code.match_indices(keyword) {
            expand(String::new(), &code[at + keyword.len()..], &mut found);
        }
    }
    found
}

/// Reads one path, or one group of paths, at the start of `rest`; returns what follows it.
fn expand<'a>(prefix: String, rest: &'a str, found: &mut BTreeSet<String>) -> &'a str {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
    let (path, mut rest) = rest.split_at(end);
    let path = format!("{prefix}{path}");
    let Some(group) = rest.strip_prefix('{') else {
        found.insert(path);
        return rest;
    };
    rest = group.trim_start();
    while !rest.is_empty() && !rest.starts_with('}') {
        let before = rest.len();
        rest = expand(path.clone(), rest, found).trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        if rest.len() == before {
            break;
        }
    }
    rest.strip_prefix('}').unwrap_or(rest)
}

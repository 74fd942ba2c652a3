//! The arrows of `src/lib.rs`, checked against what the code imports: between rooms, between the layers of `web`, and
//! between the resources of its API. Nothing is imported in a circle. And who writes paths of the API by hand, and where
//! the documents lead.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[path = "architecture/documents.rs"]
mod documents;
#[path = "architecture/names.rs"]
mod names;
#[path = "architecture/source.rs"]
mod source;

/// Who may import whom, from the door to the foot: a room imports only what stands in a later line. A room that is not
/// named here fails the test.
const ROOMS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("cli", &["app", "config", "domain", "operator", "qr", "telemetry", "views"]),
    (
        "app",
        &[
            "accounts",
            "audit",
            "auth",
            "config",
            "domain",
            "household",
            "hub",
            "keys",
            "limits",
            "net",
            "operator",
            "relay",
            "store",
            "tls",
            "upkeep",
            "web",
        ],
    ),
    (
        "web",
        &["accounts", "audit", "auth", "domain", "household", "hub", "limits", "net", "proto::signal", "qr", "views"],
    ),
    ("upkeep", &["audit", "auth", "domain", "store"]),
    ("operator", &["accounts", "audit", "auth", "domain", "household", "keys", "store", "views"]),
    ("hub", &["domain", "household", "keys", "proto::signal", "proto::turn::credentials"]),
    ("relay", &["domain", "limits", "proto::stun", "proto::turn"]),
    ("net", &["domain", "limits"]),
    ("tls", &["domain", "files"]),
    ("views", &["accounts", "audit", "auth", "domain", "household"]),
    ("accounts", &["audit", "auth", "domain", "keys", "store"]),
    ("household", &["audit", "domain", "keys", "store"]),
    ("auth", &["audit", "domain", "keys", "limits", "store"]),
    ("keys", &["domain", "files", "store"]),
    ("audit", &["domain", "store"]),
    ("limits", &["domain"]),
    ("store", &["domain", "files"]),
    ("files", &["domain"]),
    ("proto", &["domain"]),
    ("config", &["domain"]),
    ("qr", &["domain"]),
    ("telemetry", &[]),
    ("domain", &[]),
];

/// The same inside `web`: what a layer may import of the others.
const WEB: &[(&str, &[&str])] = &[
    ("mod", &["api", "error", "middleware", "openapi", "pages", "state"]),
    ("connection", &["extract", "middleware"]),
    ("metrics", &["middleware"]),
    ("middleware", &["error", "extract", "state"]),
    ("api", &["error", "extract", "health", "openapi", "pages", "shared", "state", "websocket"]),
    ("shared", &["error", "extract", "state"]),
    ("openapi", &["error", "pages", "state"]),
    ("pages", &["error", "extract", "state"]),
    ("websocket", &["error", "origin", "state"]),
    ("extract", &["error", "forwarded", "origin", "state"]),
    ("state", &["health", "origin"]),
    ("error", &[]),
    ("forwarded", &[]),
    ("health", &[]),
    ("origin", &[]),
];

#[test]
fn imports_only_point_down() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (file, imports) in product_imports() {
        let room = room_of(&file);
        let Some((_, allowed)) = ROOMS.iter().find(|(from, _)| *from == room) else {
            wrong.push(format!("{}: the room {room} is not in the table", file.display()));
            continue;
        };
        for target in imports {
            if is_in(&target, &room) {
                continue;
            }
            seen += 1;
            if !allowed.iter().any(|to| is_in(&target, to)) {
                wrong.push(format!("{}: imports {target}", file.display()));
            }
        }
    }
    assert!(seen > 200, "the scan found only {seen} imports: it no longer understands the code");
    assert!(wrong.is_empty(), "arrows that point up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_itself_has_no_circle() {
    for table in [ROOMS, WEB] {
        for (at, (room, allowed)) in table.iter().enumerate() {
            for to in *allowed {
                let to = to.split("::").next().unwrap();
                let below = table[at + 1..].iter().any(|(name, _)| *name == to);
                assert!(below, "{room} may import {to}, which does not stand below it");
            }
        }
    }
}

#[test]
fn the_layers_of_web_import_only_downwards() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (file, imports) in product_imports().into_iter().filter(|(file, _)| file.starts_with("src/web")) {
        let layer = part_of(&file, 2);
        let Some((_, allowed)) = WEB.iter().find(|(from, _)| *from == layer) else {
            wrong.push(format!("{}: the layer {layer} is not in the table", file.display()));
            continue;
        };
        for target in imports.iter().filter_map(|target| target.strip_prefix("web::")) {
            let to = target.split("::").next().unwrap();
            if to == layer {
                continue;
            }
            seen += 1;
            if !allowed.contains(&to) {
                wrong.push(format!("{}: imports web::{target}", file.display()));
            }
        }
    }
    assert!(seen > 50, "the scan found only {seen} imports inside web: it no longer understands the code");
    assert!(wrong.is_empty(), "web's layers are mixed up:\n{}", wrong.join("\n"));
}

#[test]
fn no_resource_of_the_api_imports_another() {
    let api = product_imports().into_iter().filter(|(file, _)| file.starts_with("src/web/api"));
    let mut wrong = Vec::new();
    for (file, imports) in api.filter(|(file, _)| !file.ends_with("mod.rs")) {
        let own = module_of(&file);
        for target in imports.iter().filter(|target| target.starts_with("web::api::") && !is_in(target, &own)) {
            wrong.push(format!("{}: imports {target}", file.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "what two resources share belongs into web::shared, a view or a service:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let files: Vec<_> = ["src", "benches"].iter().flat_map(|top| rust_files(Path::new(top))).collect();
    let modules: BTreeMap<String, PathBuf> = files.iter().map(|file| (module_of(file), file.clone())).collect();
    let mut arrows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (module, file) in &modules {
        let code = without_tests(&code_of(&fs::read_to_string(file).unwrap()));
        for target in imports(&code, module) {
            let found = modules.keys().filter(|to| is_in(&target, to)).max_by_key(|to| to.len());
            // A folder's own mod.rs holds what its files share; they stand below and above it at once.
            let family = |to: &str| is_in(to, module) || is_in(module, to);
            if let Some(to) = found.filter(|to| !family(to)) {
                arrows.entry(module).or_default().insert(to);
            }
        }
    }
    assert!(arrows.len() > 100, "the scan found only {} files that import: it no longer understands", arrows.len());
    let mut done = BTreeSet::new();
    for module in arrows.keys() {
        let mut path = Vec::new();
        assert!(!has_circle(module, &arrows, &mut path, &mut done), "a circle: {}", path.join(" -> "));
    }
}

#[test]
fn no_folder_shows_more_than_fifteen_files() {
    let mut crowded = Vec::new();
    for top in ["src", "tests", "benches"] {
        let mut folders: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for file in rust_files(Path::new(top)) {
            *folders.entry(file.parent().unwrap().to_owned()).or_default() += 1;
        }
        crowded.extend(folders.into_iter().filter(|(_, files)| *files > MOST_FILES));
    }
    assert!(crowded.is_empty(), "split these folders: {crowded:?}");
}

/// Tests ask by the methods of `tests/support/api`: a path that changes is changed there. These write one by hand.
const RAW_PATHS: &[(&str, &str)] = &[
    ("tests/api/edges/bodies.rs", "bodies that no client would send"),
    ("tests/api/edges/cors.rs", "preflights, and answers to what is no request"),
    ("tests/api/edges/csrf.rs", "a form in place of JSON"),
    ("tests/api/edges/edge.rs", "wrong methods, unknown paths, malformed bodies, and the API's description of itself"),
    ("tests/api/edges/headers.rs", "an unknown path"),
    ("tests/api/edges/hosts.rs", "requests byte by byte"),
    ("tests/api/edges/port.rs", "requests in clear"),
    ("tests/privacy.rs", "an unknown path, which must not be logged"),
    ("tests/architecture.rs", "this list"),
];

#[test]
fn only_the_kit_and_tests_of_raw_http_write_paths_of_the_api() {
    let mut writing: BTreeSet<String> = BTreeSet::new();
    for file in ["tests", "benches"].iter().flat_map(|top| rust_files(Path::new(top))) {
        if fs::read_to_string(&file).unwrap().contains("/api/v1") {
            writing.insert(file.display().to_string());
        }
    }
    let (kit, others): (Vec<_>, Vec<_>) = writing.iter().partition(|file| file.starts_with("tests/support/"));
    assert!(kit.len() >= 2, "the scan finds the kit");
    let allowed: BTreeSet<_> = RAW_PATHS.iter().map(|(file, _)| *file).collect();
    let found: BTreeSet<_> = others.into_iter().map(String::as_str).collect();
    assert_eq!(found, allowed, "use the methods of the kit, or say here why not");
}

/// About fifteen, and a `mod.rs`.
const MOST_FILES: usize = 16;

#[test]
fn every_room_says_what_it_imports_and_who_calls_it() {
    let quoted = |names: &[&str]| {
        let names: BTreeSet<_> = names.iter().map(|name| format!("`{name}`")).collect();
        if names.is_empty() { "nothing of ours".into() } else { names.into_iter().collect::<Vec<_>>().join(", ") }
    };
    for (room, allowed) in ROOMS.iter().filter(|(room, _)| *room != "main") {
        let calls = |others: &[&str]| others.iter().any(|other| other.split("::").next() == Some(*room));
        let callers: Vec<_> = ROOMS.iter().filter(|(_, others)| calls(others)).map(|(caller, _)| *caller).collect();
        let expected = format!("Imports {}. Called by {}.", quoted(allowed), quoted(&callers));
        let folder = PathBuf::from(format!("src/{room}/mod.rs"));
        let file = if folder.exists() { folder } else { PathBuf::from(format!("src/{room}.rs")) };
        let text = fs::read_to_string(&file).unwrap();
        let doc = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect::<Vec<_>>().join(" ");
        assert!(doc.ends_with(&expected), "the first lines of {} should end with: {expected}", file.display());
    }
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
            matches!(&*room, "relay" | "app" | "net" | "cli")
                || !(code.contains("UdpSocket") || code.contains("TcpListener"))
                || code.contains("#[cfg(test)]"),
            "{at}: sockets belong into relay, net and app"
        );
    }
}

#[test]
fn the_scan_reads_imports_in_every_form() {
    let code = "use crate::store::Store;\nuse crate::{domain::ids, relay::{Relay, Options}};\n// use crate::cli::x;\nlet a = crate::hub::Hub::new();\npub(crate) fn f() {}\nuse super::tags;";
    let found = imports(&code_of(code), "web::api::notes");
    let expected = ["domain::ids", "hub::Hub::new", "relay::Relay", "relay::Options", "store::Store", "web::api::tags"];
    assert_eq!(found, expected.into_iter().map(String::from).collect());
}

#[test]
fn the_scan_finds_a_circle() {
    let arrows =
        BTreeMap::from([("a", BTreeSet::from(["b"])), ("b", BTreeSet::from(["c"])), ("c", BTreeSet::from(["b"]))]);
    let mut path = Vec::new();
    assert!(has_circle("a", &arrows, &mut path, &mut BTreeSet::new()));
    assert_eq!(path, ["a", "b", "c", "b"]);
}

/// Every product file with what it imports; tests may import from everywhere.
fn product_imports() -> Vec<(PathBuf, BTreeSet<String>)> {
    let files = rust_files(Path::new("src")).into_iter().filter(|file| !is_test(file));
    files
        .map(|file| {
            let code = without_tests(&code_of(&fs::read_to_string(&file).unwrap()));
            let imports = imports(&code, &module_of(&file));
            (file, imports)
        })
        .collect()
}

fn is_test(file: &Path) -> bool {
    file.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        matches!(name.trim_end_matches(".rs"), "tests" | "testing" | "fixtures" | "vectors")
            || name.ends_with("_tests.rs")
    })
}

/// Without the inline module of tests at a file's end.
fn without_tests(code: &str) -> String {
    let cut = code.find("#[cfg(test)]\nmod tests {").or_else(|| code.find("#[cfg(test)]\npub mod tests {"));
    code[..cut.unwrap_or(code.len())].to_owned()
}

fn has_circle<'a>(
    at: &'a str,
    arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    path: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> bool {
    if path.contains(&at) {
        path.push(at);
        return true;
    }
    if done.contains(at) {
        return false;
    }
    path.push(at);
    if arrows.get(at).into_iter().flatten().any(|to| has_circle(to, arrows, path, done)) {
        return true;
    }
    path.pop();
    done.insert(at);
    false
}

/// What ended in the database ends on the line because the store says so when it is committed, not because a handler
/// remembers to. These alone talk to the hub: they open its connections, ask it for tickets, or say how it is.
#[test]
fn no_handler_tells_the_hub_what_ended() {
    const TALK_TO_THE_HUB: &[&str] = &[
        "api/calls.rs",
        "api/health.rs",
        "api/presence.rs",
        "state.rs",
        "websocket.rs",
        "websocket/pump.rs",
        "websocket/upgrade.rs",
    ];
    let web = Path::new("src/web");
    let (talking, silent): (Vec<_>, Vec<_>) =
        rust_files(web).into_iter().partition(|file| names(&code_of(&fs::read_to_string(file).unwrap()), "hub"));
    assert!(
        silent.len() > 20 && talking.contains(&web.join("api/health.rs")),
        "the scan no longer understands the code"
    );
    for file in talking {
        let name = file.strip_prefix(web).unwrap().to_string_lossy().into_owned();
        assert!(TALK_TO_THE_HUB.contains(&&*name), "{name}: ending something is its service's work, and the store's");
    }
}

/// Whether code names something, by that word and not as a part of another.
fn names(code: &str, word: &str) -> bool {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|found| found == word)
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Whether the path `target` is `room` or something in it.
fn is_in(target: &str, room: &str) -> bool {
    target.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The top-level module that a file belongs to: `src/store/tags.rs` and `src/store.rs` are both `store`.
fn room_of(file: &Path) -> String {
    let room = part_of(file, 1);
    if room == "lib" { "main".into() } else { room }
}

/// The `n`th part of a file's path, without its ending.
fn part_of(file: &Path, n: usize) -> String {
    file.components().nth(n).unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// `src/store/tags.rs` is `store::tags`, `src/store/mod.rs` is `store`; files of benches keep their folder's name.
fn module_of(file: &Path) -> String {
    let parts = file.with_extension("");
    let mut parts: Vec<_> = parts.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts[0] == "src" {
        parts.remove(0);
    }
    if parts.last().is_some_and(|last| last == "mod" || last == "main" && parts.len() > 1) {
        parts.pop();
    }
    parts.join("::")
}

fn code_of(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Every path that begins with `crate::` (or `callqr::` in main), or with `super::` at the beginning of an import of the
/// module `of`, with groups in braces taken apart.
fn imports(code: &str, of: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let is_bench = of.starts_with("benches");
    for keyword in ["crate::", "callqr::"] {
        for (at, _) in code.match_indices(keyword) {
            let prefix = match (keyword, is_bench) {
                ("crate::", true) => of.split("::").take(2).map(|part| format!("{part}::")).collect(),
                _ => String::new(),
            };
            expand(prefix, &code[at + keyword.len()..], &mut found);
        }
    }
    for line in ["\nuse ", "\npub use "] {
        for (at, _) in code.match_indices(line) {
            let mut rest = &code[at + line.len()..];
            let mut parent = of;
            while let Some(next) = rest.strip_prefix("super::") {
                (parent, rest) = (parent.rsplit_once("::").map_or("", |(parent, _)| parent), next);
            }
            if parent != of {
                let prefix = if parent.is_empty() { String::new() } else { format!("{parent}::") };
                expand(prefix, rest, &mut found);
            }
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

/// Two shapes of one name in the OpenAPI document overwrite each other without a word.
#[test]
fn no_two_shapes_of_the_api_share_a_name() {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in rust_files(Path::new("src")) {
        let text = fs::read_to_string(&file).unwrap();
        for shape in shapes(&text) {
            names.entry(shape).or_default().push(file.display().to_string());
        }
    }
    assert!(names.len() > 50, "the scan found only {} shapes: it no longer understands the code", names.len());
    names.retain(|_, files| files.len() > 1);
    assert!(names.is_empty(), "one name for several shapes: {names:#?}");
}

#[test]
fn the_scan_reads_the_names_of_shapes() {
    let code = "#[derive(Serialize, ToSchema)]\n#[schema(as = Sticker)]\npub struct Tag {\n}\n#[derive(ToSchema)]\nenum Way {\n}\n#[derive(Clone)]\nstruct Other;\n";
    assert_eq!(shapes(code), ["Sticker", "Way"]);
}

/// What each type that derives `ToSchema` is called in the document.
fn shapes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in
        text.match_indices("ToSchema").filter(|(at, _)| text[..*at].rfind("#[derive(") > text[..*at].rfind(']'))
    {
        let rest = &text[at..];
        let Some(start) = ["struct ", "enum "].iter().filter_map(|word| Some(rest.find(word)? + word.len())).min()
        else {
            continue;
        };
        let named = rest[..start].split("schema(as = ").nth(1).unwrap_or(&rest[start..]);
        found.push(named.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned());
    }
    found
}

//! No two types that a reader meets in one file share a name.
//!
//! A file shows the types that it defines, those that it imports, one by one or with a `*`, and those that it names by a
//! path, such as `token::Family`. Two of one name may be there only if both are the same type.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::source::{bare, length_of_group, words_after};
use super::{module_of, rust_files};

/// Names that Rust is written with, and how many of one's own may carry them next to those of libraries: `io::Result`
/// stands next to `Result`, and a channel's ends are told apart by its kind, as `mpsc::Sender` and `oneshot::Sender`.
const IDIOMS: &[(&str, usize)] = &[("Error", 1), ("Result", 1), ("Receiver", 0), ("Sender", 0)];

#[test]
fn no_two_types_in_one_file_share_a_name() {
    let house = House::read(&["src", "benches", "tests"]);
    let mut seen = 0;
    let mut wrong = Vec::new();
    for file in &house.files {
        for (name, types) in house.visible(file) {
            seen += 1;
            let ours = types.iter().filter(|found| !found.starts_with("::")).count();
            let idiom = IDIOMS.iter().any(|(idiom, most)| *idiom == name && ours <= *most);
            if types.len() > 1 && !idiom {
                let types = types.into_iter().collect::<Vec<_>>().join(" and ");
                wrong.push(format!("{}: {name} is {types}", file.path.display()));
            }
        }
    }
    assert!(seen > 3000, "the scan found only {seen} types: it no longer understands the code");
    assert!(wrong.is_empty(), "{} names stand for two types in one file:\n{}", wrong.len(), wrong.join("\n"));
}

/// What of the code matters here.
struct House {
    files: Vec<File>,
    modules: BTreeMap<String, Module>,
}

/// A file without comments and strings.
struct File {
    path: PathBuf,
    module: String,
    code: String,
    /// The inline modules, each with where it begins and ends.
    inline: Vec<(usize, usize, String)>,
}

/// What a module defines and imports.
#[derive(Default)]
struct Module {
    types: BTreeSet<String>,
    uses: Vec<Use>,
}

/// One name that an import brings.
#[derive(Clone)]
struct Use {
    path: String,
    name: String,
}

impl House {
    fn read(folders: &[&str]) -> Self {
        let paths = folders.iter().flat_map(|folder| rust_files(Path::new(folder)));
        Self::of(paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect())
    }

    fn of(texts: Vec<(PathBuf, String)>) -> Self {
        let files: Vec<_> = texts.into_iter().map(|(path, text)| File::of(path, &text)).collect();
        let mut modules: BTreeMap<String, Module> = BTreeMap::new();
        for file in &files {
            modules.entry(file.module.clone()).or_default();
            for (at, name) in file.definitions() {
                modules.entry(file.module_at(at)).or_default().types.insert(name);
            }
            for (at, found) in file.uses() {
                modules.entry(file.module_at(at)).or_default().uses.push(found);
            }
        }
        Self { files, modules }
    }

    /// The names of types in a file, each with the types that it stands for there.
    fn visible(&self, file: &File) -> BTreeMap<String, BTreeSet<String>> {
        let mut visible: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut add = |name: &str, path: String| visible.entry(name.to_owned()).or_default().insert(path);
        for (at, name) in file.definitions() {
            add(&name, format!("{}::{name}", file.module_at(at)));
        }
        for (at, Use { path, name }) in file.uses() {
            let module = file.module_at(at);
            if name == "*" {
                for (name, path) in self.everything_in(&self.absolute(path.trim_end_matches("::*"), &module), &module) {
                    add(&name, path);
                }
            } else if is_type(&name) && !is_variant(&path) {
                add(&name, self.definition(&self.absolute(&path, &module)));
            }
        }
        for (at, path, name) in file.paths() {
            add(&name, self.definition(&self.absolute(&path, &file.module_at(at))));
        }
        visible
    }

    /// What `use module::*` brings into `into`. A module inside of another gets its private imports as well.
    fn everything_in(&self, module: &str, into: &str) -> Vec<(String, String)> {
        let Some(found) = self.modules.get(module) else { return Vec::new() };
        let mut types: Vec<_> = found.types.iter().map(|name| (name.clone(), format!("{module}::{name}"))).collect();
        for Use { path, name } in &found.uses {
            if is_type(name) && !is_variant(path) && (is_inside(into, module) || self.reexports(module, name)) {
                types.push((name.clone(), self.definition(&self.absolute(path, module))));
            }
        }
        types
    }

    fn reexports(&self, module: &str, name: &str) -> bool {
        let exported = |file: &File| file.module == module && file.exports().any(|found| found.name == name);
        self.files.iter().any(exported)
    }

    /// A path as seen from the top: `::std::io::Error` is another crate's, `domain::error::Error` is ours.
    fn absolute(&self, path: &str, module: &str) -> String {
        let (first, rest) = path.split_once("::").unwrap_or((path, ""));
        let join =
            |start: &str| [start, rest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::");
        let parent = || module.rsplit_once("::").map_or("", |(parent, _)| parent);
        match first {
            "" => return path.to_owned(),
            "crate" => return join(&root_of(module)),
            "callqr" => return rest.to_owned(),
            "self" => return join(module),
            "super" => return self.absolute(&format!("self::{rest}"), parent()),
            _ => {}
        }
        let child = if module.is_empty() { first.to_owned() } else { format!("{module}::{first}") };
        let defined = self.modules.get(module).is_some_and(|found| found.types.contains(first));
        if defined || self.modules.contains_key(&child) {
            return join(&child);
        }
        let Some(found) = self.modules.get(module) else { return format!("::{path}") };
        // An import whose own path begins with its name leads out of the crate: `use serde::{self, Serialize}`.
        let leads_on = |found: &&Use| found.path.split("::").next() != Some(first);
        if let Some(found) = found.uses.iter().filter(leads_on).find(|found| found.name == first) {
            return join(&self.absolute(&found.path, module));
        }
        let globs = found.uses.iter().filter(leads_on).filter(|found| found.name == "*" && !is_variant(&found.path));
        for glob in globs {
            let from = self.absolute(glob.path.trim_end_matches("::*"), module);
            if is_inside(module, &from) && module != from {
                let there = self.absolute(path, &from);
                if there.strip_prefix("::") != Some(path) {
                    return there;
                }
            }
        }
        format!("::{path}")
    }

    /// Where a type is defined that may have been reached through a re-export.
    fn definition(&self, path: &str) -> String {
        let mut path = path.to_owned();
        // Re-exports of re-exports end somewhere.
        for _ in 0..10 {
            match self.one_step(&path) {
                Some(next) if next != path => path = next,
                _ => break,
            }
        }
        path
    }

    fn one_step(&self, path: &str) -> Option<String> {
        let parts: Vec<_> = path.split("::").collect();
        let depth = (1..parts.len()).rev().find(|depth| self.modules.contains_key(&parts[..*depth].join("::")))?;
        let (module, name) = (parts[..depth].join("::"), parts[depth]);
        let found = &self.modules[&module];
        if found.types.contains(name) {
            return None;
        }
        let rest = parts[depth + 1..].iter().map(|part| format!("::{part}")).collect::<String>();
        if let Some(found) = found.uses.iter().find(|found| found.name == name) {
            return Some(self.absolute(&found.path, &module) + &rest);
        }
        let globs = found.uses.iter().filter(|found| found.name == "*");
        let mut globs = globs.map(|found| self.absolute(found.path.trim_end_matches("::*"), &module));
        let holds = |module: &String| self.modules.get(module).is_some_and(|found| found.types.contains(name));
        globs.find(holds).map(|module| format!("{module}::{name}{rest}"))
    }
}

impl File {
    fn of(path: PathBuf, text: &str) -> Self {
        let (module, code) = (module_of(&path), bare(text));
        let mut file = Self { path, module, code, inline: Vec::new() };
        for (at, name) in words_after(&file.code, &["mod"]) {
            let rest = &file.code[at + name.len()..];
            if rest.trim_start().starts_with('{') {
                let begin = at + name.len() + rest.find('{').unwrap_or(0);
                file.inline.push((begin, begin + length_of_group(&file.code[begin..]), name));
            }
        }
        file
    }

    fn module_at(&self, at: usize) -> String {
        let around = self.inline.iter().filter(|(begin, end, _)| (*begin..*end).contains(&at));
        let names = around.map(|(_, _, name)| name.as_str());
        [self.module.as_str()].into_iter().filter(|name| !name.is_empty()).chain(names).collect::<Vec<_>>().join("::")
    }

    /// Aliases inside of an `impl` or a trait are its own business.
    fn definitions(&self) -> impl Iterator<Item = (usize, String)> {
        let types = words_after(&self.code, &["struct", "enum", "trait", "union"]);
        let aliases = words_after(&self.code, &["type"]).into_iter().filter(|(at, _)| {
            let line = self.code[..*at].rfind('\n').map_or(0, |end| end + 1);
            !self.code[line..].starts_with(' ')
        });
        types.into_iter().chain(aliases).filter(|(_, name)| is_type(name))
    }

    fn uses(&self) -> Vec<(usize, Use)> {
        self.imports().flat_map(|(at, tree)| leaves(tree, "").into_iter().map(move |found| (at, found))).collect()
    }

    fn exports(&self) -> impl Iterator<Item = Use> {
        let public = |at: usize| {
            self.code[..at].trim_end().ends_with("use") && {
                let before = self.code[..at].trim_end().trim_end_matches("use").trim_end();
                before.ends_with("pub") || before.ends_with(')')
            }
        };
        self.imports().filter(move |(at, _)| public(*at)).flat_map(|(_, tree)| leaves(tree, ""))
    }

    fn imports(&self) -> impl Iterator<Item = (usize, &str)> {
        let starts = self.code.match_indices("use ").filter(|(at, _)| {
            let line = &self.code[self.code[..*at].rfind('\n').map_or(0, |end| end + 1)..*at];
            let visibility = line.trim();
            matches!(visibility, "" | "pub") || visibility.starts_with("pub(") && visibility.ends_with(')')
        });
        starts.map(|(at, keyword)| {
            let at = at + keyword.len();
            (at, self.code[at..].split(';').next().unwrap_or(""))
        })
    }

    /// Types that are named by a path outside of imports: where, the path up to the type, and the type's name.
    fn paths(&self) -> Vec<(usize, String, String)> {
        let imports: Vec<_> = self.imports().map(|(at, tree)| at..at + tree.len()).collect();
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let mut found = Vec::new();
        let mut at = 0;
        for word in self.code.split(|c: char| !is_word(c)) {
            let begin = at;
            at += word.len() + self.code[at + word.len()..].chars().next().map_or(0, char::len_utf8);
            let parts: Vec<_> = word.trim_end_matches(':').split("::").collect();
            let Some(depth) = parts.iter().position(|part| is_type(part)).filter(|depth| *depth > 0) else { continue };
            if !parts[0].is_empty() && !imports.iter().any(|range| range.contains(&begin)) {
                found.push((begin, parts[..=depth].join("::"), parts[depth].to_owned()));
            }
        }
        found
    }
}

/// What each name of an import stands for. `use a::{b, c::D as E, f::*}` brings three.
fn leaves(tree: &str, prefix: &str) -> Vec<Use> {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let prefix = format!("{prefix}{}", head.trim());
        // All brackets at the end go at once: a nested group that stands last does without its own.
        let group = group.trim_end().trim_end_matches('}');
        let mut depth = 0;
        let parts = group.split(|c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        });
        return parts.filter(|part| !part.trim().is_empty()).flat_map(|part| leaves(part, &prefix)).collect();
    }
    let (path, name) = tree.split_once(" as ").unwrap_or((tree, ""));
    let path = format!("{prefix}{}", path.trim());
    let path = path.strip_suffix("::self").map_or(path.clone(), str::to_owned);
    let last = path.rsplit("::").next().unwrap_or_default().to_owned();
    let name = if name.is_empty() { last } else { name.trim().to_owned() };
    vec![Use { path, name }]
}

/// `Household`, not `household`, `MAX_HOUSEHOLDS` or `T`.
fn is_type(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_ascii_lowercase())
}

/// Whether a path leads into a type: `TagState::Active`.
fn is_variant(path: &str) -> bool {
    path.rsplit_once("::").is_some_and(|(parent, _)| parent.split("::").any(is_type))
}

fn is_inside(module: &str, other: &str) -> bool {
    module == other || other.is_empty() || module.starts_with(&format!("{other}::"))
}

/// What `crate` means in a module. Each folder of `benches` and `tests` is a crate of its own.
fn root_of(module: &str) -> String {
    let own = module.starts_with("benches::") || module.starts_with("tests::");
    if own { module.split("::").take(2).collect::<Vec<_>>().join("::") } else { String::new() }
}

fn house(files: &[(&str, &str)]) -> House {
    House::of(files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect())
}

#[track_caller]
fn assert_twice(files: &[(&str, &str)], expected: &[&str]) {
    let house = house(files);
    let file = house.files.last().unwrap();
    let twice: Vec<_> = house.visible(file).into_iter().filter(|(_, types)| types.len() > 1).collect();
    let found: Vec<_> = twice.into_iter().flat_map(|(_, types)| types).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_type_that_is_named_by_a_path_meets_one_of_the_file() {
    let other = ("src/a/mod.rs", "pub struct Tag;");
    assert_twice(&[other, ("src/b.rs", "struct Tag;\nfn f(tag: crate::a::Tag) {}")], &["a::Tag", "b::Tag"]);
    assert_twice(&[other, ("src/b.rs", "use crate::a;\nstruct Tag;\nfn f(tag: &a::Tag) {}")], &["a::Tag", "b::Tag"]);
    assert_twice(&[other, ("src/b.rs", "use crate::a::Tag as Sticker;\nstruct Tag;")], &[]);
    assert_twice(
        &[other, ("src/b.rs", "use crate::a::{Tag as Sticker, self};\nenum Sticker {}")],
        &["a::Tag", "b::Sticker"],
    );
    assert_twice(&[other, ("src/b.rs", "// crate::a::Tag\nstruct Tag;\nconst A: &str = \"crate::a::Tag\";")], &[]);
}

#[test]
fn a_type_is_the_same_by_whatever_way_it_comes() {
    let files = [("src/a/tags.rs", "pub struct Tag;"), ("src/a/mod.rs", "mod tags;\npub use tags::Tag;")];
    let with = |last| [files[0], files[1], last];
    assert_twice(&with(("src/b.rs", "use crate::a::Tag;\nfn f(tag: crate::a::tags::Tag) {}")), &[]);
    assert_twice(&with(("src/a/c.rs", "use super::Tag;\nfn f(tag: super::tags::Tag) {}")), &[]);
    assert_twice(&with(("src/a/c.rs", "use super::*;\nstruct Tag;")), &["a::c::Tag", "a::tags::Tag"]);
}

#[test]
fn a_module_of_tests_belongs_to_its_file() {
    let tests = "struct Tag;\n#[cfg(test)]\nmod tests {\n    use super::*;\n    fn f(tag: super::Tag) {}\n}";
    assert_twice(&[("src/a.rs", tests)], &[]);
    let foreign = "use std::time::Instant;\n#[cfg(test)]\nmod tests {\n    use tokio::time::Instant;\n}";
    assert_twice(&[("src/a.rs", foreign)], &["::std::time::Instant", "::tokio::time::Instant"]);
}

//! Embeds `assets/`: tells pages which modules they will need, names the build after the content, compresses every file
//! once, writes a table for `web::pages::assets`. Makes what `web::openapi` serves of the API's description.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use brotli::enc::BrotliEncoderParams;
use brotli::enc::backward_references::BrotliEncoderMode;
use sha2::{Digest, Sha256};

#[path = "src/web/openapi/reading.rs"]
mod reading;
#[path = "src/web/openapi/reference.rs"]
mod reference;

fn main() {
    println!("cargo:rerun-if-changed=assets");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo:rustc-env=BUILT_AT={}", built());
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut files = Vec::new();
    collect(Path::new("assets"), &mut files);
    files.sort();

    let names: Vec<_> = files.iter().map(|file| file.strip_prefix("assets").expect("collected below assets")).collect();
    let mut contents: Vec<_> = files.iter().map(|file| content(file)).collect();
    preload_modules(&names, &mut contents);
    // Of what is served alone: a comment that nobody is sent makes no new build.
    let mut digest = Sha256::new();
    for (name, content) in names.iter().zip(&contents) {
        digest.update(format!("{} {}\n", name.display(), content.len()));
        digest.update(content);
    }
    let id = hexadecimal(&digest.finalize()[..8]);
    for (name, content) in names.iter().zip(&mut contents) {
        if is(name, "html") {
            *content = text(content, name).replace("BUILD_ID", &id).into_bytes();
        }
    }

    let mut table = format!(
        "/// Names the build after what its files contain.\npub const BUILD_ID: &str = {id:?};\npub static FILES: &[File] = &[\n"
    );
    for (name, bytes) in names.iter().zip(&contents) {
        // Named after the content: what has not changed is not compressed again.
        let stem = hexadecimal(&Sha256::digest(bytes)[..16]);
        let [plain, brotli] = ["", ".br"].map(|ending| out.join(format!("asset-{stem}{ending}")));
        keep(&plain, || bytes.clone());
        keep(&brotli, || brotlied(bytes));
        let length = |file: &Path| fs::metadata(file).expect("it was just written").len();
        // A picture does not get shorter.
        let is_shorter = length(&brotli) < length(&plain);
        let (coding, file) = if is_shorter { ("Brotli", brotli) } else { ("Plain", plain) };
        let path = name.to_str().expect("a name is UTF-8");
        writeln!(
            table,
            "    File {{ name: {path:?}, content_type: {:?}, sha256: {:?}, content: Content::{coding}(include_bytes!({file:?})) }},",
            content_type(name),
            hexadecimal(&Sha256::digest(bytes)),
        )
        .expect("a String takes text");
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table).expect("OUT_DIR is writable");
    describe_api(&out, &id);
}

/// Makes what is served of the API's description: the document without its line breaks, the page, the list of endpoints.
fn describe_api(out: &Path, build_id: &str) {
    const DOCUMENT: &str = "src/web/openapi/openapi.json";
    println!("cargo:rerun-if-changed=src/web/openapi");
    let document = serde_json::from_str(&fs::read_to_string(DOCUMENT).expect("it is committed")).expect("it is JSON");
    let json = serde_json::Value::to_string(&document);
    let page = reference::page(&document).replace("BUILD_ID", build_id);
    let mut table = format!("pub const ENDPOINTS: &[&str] = &{:?};\n", reading::endpoints(&document));
    for (constant, name, kind, text) in
        [("DOCUMENT", "openapi.json", "application/json", json), ("PAGE", "api.html", "text/html; charset=utf-8", page)]
    {
        let sha256 = hexadecimal(&Sha256::digest(&text));
        let file = out.join(format!("asset-{}.br", &sha256[..32]));
        keep(&file, || brotlied(text.as_bytes()));
        writeln!(
            table,
            "pub static {constant}: File = File {{ name: {name:?}, content_type: {kind:?}, sha256: {sha256:?}, \
             content: Content::Brotli(include_bytes!({file:?})) }};"
        )
        .expect("a String takes text");
    }
    fs::write(out.join("openapi.rs"), table).expect("OUT_DIR is writable");
}

/// Has every page name what the modules that it starts import, and what those import: they come in one round trip then, not in
/// one for each step from import to import. What a script needs stands behind it, so that what comes first is asked for first.
fn preload_modules(names: &[&Path], contents: &mut [Vec<u8>]) {
    let modules: BTreeMap<_, _> = names
        .iter()
        .zip(contents.iter())
        .filter(|(name, _)| is(name, "js"))
        .map(|(name, source)| (name.to_path_buf(), imports(name, text(source, name))))
        .collect();
    for (name, page) in names.iter().zip(contents).filter(|(name, _)| is(name, "html")) {
        let lines = text(page, name).lines().map(str::to_owned).collect::<Vec<_>>();
        let scripts: Vec<_> = lines.iter().map(|line| started_module(line)).collect();
        let mut named: BTreeSet<_> = scripts.iter().flatten().cloned().collect();
        let mut html = String::new();
        for (line, script) in lines.iter().zip(&scripts) {
            writeln!(html, "{line}").expect("a String takes text");
            let mut waiting: VecDeque<_> = script.iter().cloned().collect();
            while let Some(module) = waiting.pop_front() {
                let imports = modules.get(&module).unwrap_or_else(|| panic!("{} is missing", module.display()));
                for import in imports.iter().filter(|import| named.insert((*import).clone())) {
                    writeln!(html, "  <link rel=\"modulepreload\" href=\"/a/BUILD_ID/{}\">", import.display())
                        .expect("a String takes text");
                    waiting.push_back(import.clone());
                }
            }
        }
        *page = html.into_bytes();
    }
}

/// The module that this line of a page starts.
fn started_module(line: &str) -> Option<PathBuf> {
    let address = line.trim().strip_prefix("<script type=\"module\" src=\"/a/BUILD_ID/")?;
    address.split('"').next().map(PathBuf::from)
}

/// What a module imports before it runs: statements at the beginning of a line, up to their first quote.
fn imports(module: &Path, source: &str) -> Vec<PathBuf> {
    let folder = module.parent().expect("a module lies in a folder");
    let starts = source.match_indices('\n').map(|(at, _)| at + 1).chain([0]);
    let statements =
        starts.map(|at| &source[at..]).filter(|rest| rest.starts_with("import ") || rest.starts_with("export "));
    let mut imports: Vec<_> = statements
        .filter_map(|statement| statement.split_once('\''))
        .filter(|(head, _)| head.trim_end().ends_with("from") || *head == "import ")
        .filter_map(|(_, rest)| rest.split('\'').next())
        .map(|path| resolved(folder, path))
        .collect();
    imports.sort();
    imports
}

fn resolved(folder: &Path, path: &str) -> PathBuf {
    path.split('/').fold(folder.to_path_buf(), |mut at, part| {
        match part {
            "." => {}
            ".." => assert!(at.pop(), "{path} leads out of assets/"),
            part => at.push(part),
        }
        at
    })
}

/// Writes a file that is not there yet: whole or not at all.
fn keep(file: &Path, content: impl FnOnce() -> Vec<u8>) {
    if file.exists() {
        return;
    }
    let unfinished = file.with_extension("unfinished");
    fs::write(&unfinished, content()).expect("OUT_DIR is writable");
    fs::rename(&unfinished, file).expect("OUT_DIR is writable");
}

/// The one form in which a text is embedded: every browser reads it over HTTPS, and it is a seventh shorter than gzip for a
/// stranger in the street. The rare client that cannot read it gets it decompressed.
fn brotlied(mut bytes: &[u8]) -> Vec<u8> {
    let text = BrotliEncoderMode::BROTLI_MODE_TEXT;
    let params = BrotliEncoderParams { quality: 11, mode: text, size_hint: bytes.len(), ..Default::default() };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut bytes, &mut out, &params).expect("memory takes bytes");
    out
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a String takes text");
        digits
    })
}

/// The day of this build, in seconds since 1970: no right clock shows an earlier one. SOURCE_DATE_EPOCH makes it repeatable.
fn built() -> u64 {
    const DAY: u64 = 24 * 60 * 60;
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let now = || std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    given.unwrap_or_else(now) / DAY * DAY
}

/// What a file is served as, but for the build's name in pages.
fn content(file: &Path) -> Vec<u8> {
    let bytes = fs::read(file).expect("an asset is readable");
    if is(file, "js") { without_comments(text(&bytes, file)).into_bytes() } else { bytes }
}

fn is(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|its| its == extension)
}

fn text<'a>(bytes: &'a [u8], file: &Path) -> &'a str {
    std::str::from_utf8(bytes).unwrap_or_else(|_| panic!("{} is UTF-8", file.display()))
}

/// Leaves out comments that fill whole lines: half of a caller's bytes, in the street on a slow network. The lines stay, so
/// that line numbers are those of the source.
fn without_comments(source: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(source.len());
    for line in source.lines() {
        let text = line.trim();
        let opens = text.starts_with("/**") && text.split_once("*/").is_none_or(|(_, rest)| rest.is_empty());
        if !(inside || opens || text.starts_with("//")) {
            out.push_str(line);
        }
        inside = (inside || opens) && !text.ends_with("*/");
        out.push('\n');
    }
    out
}

/// Tells Node.js, in which the unit tests run, what kind of modules these are. Browsers know, and are not sent it.
const FOR_NODE: &str = "assets/package.json";

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("assets is a folder") {
        let path = entry.expect("assets is readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path != Path::new(FOR_NODE) {
            files.push(path);
        }
    }
}

/// A new kind of file must be named here before it is served: an unknown one stops the build.
fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("wav") => "audio/wav",
        Some("ogg") => "audio/ogg",
        Some("txt") => "text/plain; charset=utf-8",
        other => panic!("{}: name the content type of {other:?} in build.rs", file.display()),
    }
}

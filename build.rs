//! Embeds `assets/`: names the build after the content, compresses every file once, writes a table for `web::assets`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

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
    // Of what is served alone: a comment that nobody is sent makes no new build.
    let mut digest = Sha256::new();
    for (name, content) in names.iter().zip(&contents) {
        digest.update(format!("{} {}\n", name.display(), content.len()));
        digest.update(content);
    }
    let id = digest.finalize().iter().take(8).fold(String::new(), |mut id, byte| {
        write!(id, "{byte:02x}").expect("a String takes text");
        id
    });
    for (name, content) in names.iter().zip(&mut contents) {
        if is(name, "html") {
            *content = text(content, name).replace("BUILD_ID", &id).into_bytes();
        }
    }

    let mut table = format!(
        "/// Names the build after what its files contain.\npub const BUILD_ID: &str = {id:?};\npub static FILES: &[File] = &[\n"
    );
    for (index, (name, bytes)) in names.iter().zip(&contents).enumerate() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("memory takes bytes");
        let gzip = encoder.finish().expect("memory takes bytes");
        let plain_path = out.join(format!("asset-{index}"));
        let gzip_path = out.join(format!("asset-{index}.gz"));
        fs::write(&plain_path, bytes).expect("OUT_DIR is writable");
        fs::write(&gzip_path, &gzip).expect("OUT_DIR is writable");
        let path = name.to_str().expect("a name is UTF-8");
        writeln!(
            table,
            "    File {{ name: {path:?}, content_type: {:?}, plain: include_bytes!({plain_path:?}), gzip: include_bytes!({gzip_path:?}) }},",
            content_type(name),
        )
        .expect("a String takes text");
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table).expect("OUT_DIR is writable");
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

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("assets is a folder") {
        let path = entry.expect("assets is readable").path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
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

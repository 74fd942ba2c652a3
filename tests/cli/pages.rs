//! The hash of the pages: what is printed is what is served.

use sha2::{Digest as _, Sha256};

use super::appliances::TestApp;
use super::support::{output, text};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn say(words: &[&str]) -> String {
    let nowhere = tempfile::tempdir().unwrap();
    let said = output(nowhere.path(), words);
    assert!(said.status.success() && said.stderr.is_empty(), "{}", text(&said.stderr));
    assert_eq!(std::fs::read_dir(nowhere.path()).unwrap().count(), 0, "it touches nothing");
    text(&said.stdout)
}

#[test]
fn the_hash_is_that_of_the_list_in_every_form() {
    let list = say(&["pages", "list"]);
    let hash = say(&["pages", "hash"]);
    assert!(hash.trim_end().split(' ').all(|group| group.len() == 4) && hash.ends_with('\n'), "{hash}");
    assert_eq!(hash.trim_end().replace(' ', ""), sha256(list.as_bytes()));

    let json: serde_json::Value = serde_json::from_str(&say(&["pages", "hash", "--json"])).unwrap();
    assert_eq!(json, serde_json::json!({ "hash": sha256(list.as_bytes()), "short": hash[..19] }));
    let json: serde_json::Value = serde_json::from_str(&say(&["pages", "list", "--json"])).unwrap();
    let lines = json["files"].as_array().unwrap().iter();
    let lines = lines.map(|file| format!("{}  {}\n", file["sha256"].as_str().unwrap(), file["path"].as_str().unwrap()));
    assert_eq!(lines.collect::<String>(), list.split_once('\n').unwrap().1);
}

#[tokio::test]
async fn the_list_is_what_a_server_serves() {
    let list = say(&["pages", "list"]);
    let server = TestApp::start().await;
    let reply = server.client.get("/pages.sha256").await;
    assert_eq!((reply.status, &reply.text), (200, &list));
    assert_eq!(
        (reply.header("content-type"), reply.header("cache-control")),
        ("text/plain; charset=utf-8", "no-store")
    );

    let build = list.lines().next().unwrap().strip_prefix("# callqr pages 1 ").unwrap();
    let mut paths = Vec::new();
    for line in list.lines().skip(1) {
        let (digits, path) = line.split_once("  ").unwrap();
        let address = match path {
            "owner.html" => Some("/"),
            "caller.html" => Some("/c"),
            "worker.js" => Some("/worker.js"),
            "setup.html" => Some("/setup"),
            "join.html" => Some("/join"),
            "reset.html" => Some("/reset"),
            _ => None,
        };
        for address in [Some(&*format!("/a/{build}/{path}")), address].into_iter().flatten() {
            let reply = server.client.get(address).await;
            assert_eq!(reply.status, 200, "{address}");
            // Pictures are no text, and come from the same table.
            if !path.ends_with(".png") {
                assert_eq!(sha256(reply.text.as_bytes()), digits, "{address}");
            }
        }
        paths.push(path);
    }
    assert!(paths.is_sorted() && paths.len() > 100);
    let worker = server.client.get("/worker.js").await;
    assert_eq!(
        (worker.header("content-type"), worker.header("cache-control")),
        ("text/javascript; charset=utf-8", "no-store")
    );
    assert!(worker.header("content-security-policy").contains("connect-src 'self'"));
}

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde_json::Value;

use super::reading::operations;
use super::*;

/// The committed document.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/openapi/openapi.json");

fn finished() -> Value {
    serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap()
}

#[test]
fn the_committed_document_is_what_the_annotations_say() {
    let text = serde_json::to_string_pretty(&crate::web::api::routes().into_described().document()).unwrap() + "\n";
    if std::env::var_os("WRITE_API").is_some() {
        std::fs::write(FILE, &text).unwrap();
    }
    assert!(
        text == std::fs::read_to_string(FILE).unwrap(),
        "{FILE} is out of date: run `make api`, and look at the difference"
    );
}

#[test]
fn every_operation_says_what_it_is_and_each_answer_that_it_can_give() {
    let document = finished();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let at = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{at} has no doc comment");
        assert!(ids.insert(operation["operationId"].to_string()), "{at}: its operationId is taken");
        let tag = &operation["tags"][0];
        let known = document["tags"].as_array().unwrap().iter().any(|known| known["name"] == *tag);
        assert!(known, "{at}: openapi.rs does not describe the tag {tag}");
        let answers = operation["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with(['1', '2'])), "{at} never succeeds");
        for (status, answer) in answers {
            assert!(answer["description"].as_str().is_some_and(|text| !text.is_empty()), "{at} {status}: meaning?");
            let schema = answer["content"]["application/json"]["schema"].to_string();
            let has_shape = schema.contains("#/components/schemas/Error\"");
            assert!(status.starts_with(['1', '2']) || has_shape, "{at} {status}: shape?");
        }
    }
    assert!(ids.contains("\"postTokensIdPause\"") && ids.contains("\"get\""), "{ids:?}");
}

#[test]
fn every_reference_leads_somewhere() {
    let document = finished();
    let text = document.to_string();
    let references: BTreeSet<&str> =
        text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(references.contains("/components/schemas/Error"));
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

/// The router is the description: only `routes!` enters both.
#[test]
fn no_part_of_the_api_is_entered_without_a_description() {
    let api = [
        include_str!("../api/mod.rs"),
        include_str!("../api/account/mod.rs"),
        include_str!("../api/admin/mod.rs"),
        include_str!("../api/auth/mod.rs"),
        include_str!("../api/household/mod.rs"),
    ];
    let entered: usize = api.iter().map(|source| source.matches(".routes(routes!(").count()).sum();
    assert!(entered > 40, "the scan no longer understands the code");
    for source in api {
        assert!(!source.contains(".route("), "enter handlers of the API with .routes(routes!(…))");
    }
    for route in include_str!("../mod.rs").split(".route(\"").skip(1) {
        let path = route.split('"').next().unwrap();
        assert!(!path.starts_with("/api/"), "{path}: enter it in api::routes(), with .routes(routes!(…))");
    }
}

#[test]
fn the_page_names_every_request_and_carries_no_script() {
    let page = reference::page(&finished());
    assert_eq!(reading::endpoints(&finished()), ENDPOINTS);
    for line in ENDPOINTS {
        let request = line.split(" {").next().unwrap();
        assert!(page.contains(&format!("<code>{request}")), "{request}");
    }
    assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("http://"));
}

#[test]
fn the_page_shows_the_fields_that_one_view_adds_to_another() {
    let document = serde_json::json!({
        "components": { "schemas": { "Tag": { "properties": { "id": { "type": "string" } }, "required": ["id"] } } },
        "tags": [{ "name": "tags" }],
        "paths": { "/tokens": { "get": { "tags": ["tags"], "responses": { "200": {
            "content": { "application/json": { "schema": { "properties": { "tokens": { "type": "array", "items": {
                "allOf": [{ "$ref": "#/components/schemas/Tag" }, { "properties": { "label": { "type": "string" } } }],
            } } } } } },
        }, "201": {
            "content": { "application/json": { "schema": {
                "allOf": [{ "$ref": "#/components/schemas/Tag" }, { "properties": { "label": { "type": "string" } } }],
            } } },
        } } } } },
    });
    let page = reference::page(&document);
    assert!(page.contains("<td>list of {id, label}</td>"), "{page}");
    assert!(page.contains("<code>id</code>") && page.contains("<code>label?</code>"), "{page}");
}

#[test]
fn what_is_written_into_the_page_cannot_be_markup() {
    assert_eq!(
        reference::page(&serde_json::json!({ "info": { "description": "<b>`a&b`" } })).matches("<b>").count(),
        0
    );
}

/// What makes errors: `Error::new(Kind::…, "code", …)`, `Error::invalid("code", …)` and the like.
const MAKERS: [&str; 4] = ["Error::new(", "Error::invalid(", "not_saved(", "refused("];

/// The codes of the errors that the code makes.
fn codes(folder: &str, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            // What the command line and the start say is in none of the API's answers.
            if !["cli", "app", "config", "operator", "tls", "net", "relay", "tests"].contains(&name) {
                codes(path.to_str().unwrap(), found);
            }
        } else if name.ends_with(".rs") && !name.contains("tests") {
            let source = std::fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
            for call in MAKERS.iter().flat_map(|maker| source.split(maker).skip(1)) {
                let mut words = call.split('"');
                let before = words.next().unwrap().trim_start();
                if before.is_empty() || (before.starts_with("Kind::") && before.matches(',').count() == 1) {
                    found.insert(words.next().unwrap().to_owned());
                }
            }
        }
    }
}

#[test]
fn every_code_that_an_answer_can_have_is_in_the_description() {
    let mut found = BTreeSet::new();
    codes(concat!(env!("CARGO_MANIFEST_DIR"), "/src"), &mut found);
    assert!(found.len() > 80 && found.contains("bad-host"), "the scan no longer understands the code: {found:?}");
    let document = finished().to_string();
    let missing: Vec<_> = found.iter().filter(|code| !document.contains(&format!("`{code}`"))).collect();
    // What files, settings, the command line and the start say; what our links are too short for; and of a method that an address does not
    // have, and so of no request here.
    let others = [
        "already-running",
        "bad-lifetime",
        "bad-network",
        "database",
        "database-silent",
        "directory",
        "file",
        "qr-too-long",
    ];
    assert_eq!(missing, [&others[..], &["rotating", "wrong-keys", "wrong-method"]].concat());
}

#[test]
fn the_bodies_that_were_confused_are_their_own() {
    let document = finished();
    let fields = |path: &str| {
        let body = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let fields = reading::resolve(&document, body)["properties"].as_object().unwrap();
        fields.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert!(fields("/api/v1/auth/register").contains("inviteToken password setupToken username"));
    assert_eq!(fields("/api/v1/auth/second-factor/passkey"), "ticket");
}

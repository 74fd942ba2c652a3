//! What applies to many requests, written into each operation it applies to.

use serde_json::{Value, json};

use super::reading::METHODS;

/// Completes the annotations.
pub fn complete(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({
        "bearer": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The token from logging in."
        },
        "cookie": {
            "type": "apiKey", "in": "cookie", "name": "__Host-callqr",
            "description": "Set for a page that logs in with \"cookie\": true."
        },
    });
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                // Handlers of the same name in two files are two operations.
                operation["operationId"] = json!(name(path, method));
                complete_operation(operation);
            }
        }
    }
}

/// `post /api/v1/tokens/{id}/pause` is `postTokensIdPause`.
fn name(path: &str, method: &str) -> String {
    let words = path.trim_start_matches("/api/v1").split(|c: char| !c.is_ascii_alphanumeric());
    words.fold(method.to_owned(), |name, word| {
        let (first, rest) = word.split_at(word.len().min(1));
        name + &first.to_ascii_uppercase() + rest
    })
}

fn complete_operation(operation: &mut Value) {
    let needs: Vec<String> = operation["security"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|alternative| alternative.as_object().into_iter().flatten())
        .map(|(name, _)| name.clone())
        .collect();
    if !needs.is_empty() {
        operation["security"] = json!([{ "bearer": [] }, { "cookie": [] }]);
        refuse(operation, 401, "`no-session`, `bad-authorization`, `session-ended`: log in");
        refuse(operation, 403, "`foreign-origin`: the request came from another site's page");
    }
    let is_counted = operation["tags"][0] != "server";
    let said = operation["responses"]["403"]["description"].as_str().unwrap_or_default();
    if is_counted && !said.contains("foreign-origin") {
        refuse(operation, 403, "`foreign-origin`");
    }
    if needs.iter().any(|need| need == "administrator") {
        refuse(operation, 403, "`administrators-only`");
    }
    if needs.iter().any(|need| need == "confirmed") {
        refuse(operation, 403, "`confirm-first`: confirm it's you first");
    }
    if !operation["requestBody"].is_null() {
        refuse(
            operation,
            400,
            "`bad-json`: the message names the field, what was found and what is expected; `body-broken`",
        );
        refuse(operation, 408, "`body-timeout`");
        refuse(operation, 413, "`body-too-large`");
        refuse(operation, 415, "`not-json`, `encoded-body`");
    }
    let in_path = |parameter: &Value| parameter["in"] == "path";
    if operation["parameters"].as_array().is_some_and(|parameters| parameters.iter().any(in_path)) {
        refuse(operation, 404, "`not-found`");
    }
    let in_query = |parameter: &Value| parameter["in"] == "query";
    if operation["parameters"].as_array().is_some_and(|parameters| parameters.iter().any(in_query)) {
        refuse(operation, 400, "`bad-query`");
    }
    refuse(operation, 400, "`bad-host`: not exactly one Host");
    refuse(operation, 500, "`internal`: something went wrong on the server");
    refuse(operation, 503, "`crowded`, `busy`: the server is overloaded; `stopping`: it is about to restart");
    refuse(
        operation,
        503,
        "`disk-full`, `disk-read-only`, `disk-failed`, `database-locked`, `database-moved`, `database-replaced`, \
         `database-damaged`: the server can save nothing, and the message says why",
    );
    shape_refusals(operation);
}

/// Adds an answer, or another meaning to an existing one.
fn refuse(operation: &mut Value, status: u16, meaning: &str) {
    let answer = &mut operation["responses"][status.to_string()];
    match answer["description"].as_str() {
        Some(said) if !said.is_empty() => answer["description"] = json!(format!("{said}; {meaning}")),
        _ => answer["description"] = json!(meaning),
    }
}

/// Gives every error its shape and its headers.
fn shape_refusals(operation: &mut Value) {
    for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
        if !matches!(status.as_bytes(), [b'4' | b'5', _, _]) {
            continue;
        }
        let error = json!({ "$ref": "#/components/schemas/Error" });
        let schema = &mut answer["content"]["application/json"]["schema"];
        *schema = if schema.is_null() { error } else { json!({ "anyOf": [schema.take(), error] }) };
        let header = match status.as_str() {
            "401" => Some(("WWW-Authenticate", json!({ "schema": { "type": "string" } }))),
            "429" | "503" => {
                let seconds = json!({ "schema": { "type": "integer", "minimum": 0 }, "description": "Seconds." });
                Some(("Retry-After", seconds))
            }
            _ => None,
        };
        if let Some((name, header)) = header {
            answer["headers"] = json!({ name: header });
        }
    }
}

//! Bodies that do not fit: the answer names the field, what was found there and what is expected, and quotes no secret.

use serde_json::{Value, json};

use crate::support::{Client, Described, Reply, TestApp};

/// A field of a request's body, as the API's description says.
struct Field {
    name: String,
    required: bool,
    schema: Value,
}

impl Field {
    /// What the API says about the type, if it says one.
    fn kinds(&self) -> Vec<&str> {
        match &self.schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// The fields of a body, also where one shape adds to another.
fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let target = schema["$ref"].as_str().and_then(|target| document.pointer(&target[1..]));
    let schema = target.unwrap_or(schema);
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().flat_map(|part| fields(document, part)).collect();
    }
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, schema)| Field {
            name: name.clone(),
            required: required.iter().any(|required| *required == name),
            schema: schema.clone(),
        })
        .collect()
}

/// Every request of the API that has a JSON body, with the body's fields.
async fn requests(client: &Client) -> Vec<(Described, Vec<Field>)> {
    let document = client.openapi().await.ok();
    let described = client.described().await.into_iter().filter_map(|mut request| {
        let schema = &request.operation["requestBody"]["content"]["application/json"]["schema"];
        let fields = (!schema.is_null()).then(|| fields(&document, schema))?;
        let id = if request.path.contains("/members/") { "acct_" } else { "tag_" }.to_owned() + &"A".repeat(22);
        request.path = request.path.replace("{id}", &id).replace("{way}", "password");
        assert!(!fields.is_empty() && !request.path.contains('{'), "{}", request.path);
        Some((request, fields))
    });
    described.collect()
}

async fn send(client: &Client, request: &Described, body: &str) -> Reply {
    let client = client.with_header("content-type", "application/json");
    client.send(request.method.clone(), &request.path, body.to_owned()).await
}

fn message(reply: &Reply) -> &str {
    reply.body["error"]["message"].as_str().unwrap()
}

#[tokio::test]
async fn each_field_of_each_body_is_named_when_it_has_the_wrong_type() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let mut tried = 0;
    for (request, fields) in requests(&owner).await {
        for field in fields.iter().filter(|field| !field.kinds().is_empty() && !field.kinds().contains(&"object")) {
            let at = format!("{} {} {}", request.method, request.path, field.name);
            let reply = send(&owner, &request, &json!({ &field.name: { "canary": 1 } }).to_string()).await;
            assert_eq!(reply.refused(), (400, "bad-json"), "{at}");
            let expected = match field.kinds()[0] {
                "string" => " must be ",
                "boolean" => " must be true or false",
                "integer" => " must be a whole number",
                "array" => " must be an array",
                kind => panic!("{at}: {kind}"),
            };
            assert!(message(&reply).starts_with(&format!("`{}`{expected}", field.name)), "{at}: {}", reply.text);
            assert!(message(&reply).ends_with("; found an object."), "{at}: {}", reply.text);
            assert!(!reply.text.contains("canary"), "{at}: {}", reply.text);
            tried += 1;
        }
    }
    assert!(tried > 50, "the description is no longer understood: {tried}");
}

#[tokio::test]
async fn a_missing_field_is_named_and_null_counts_as_left_out_where_it_may_be() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let (mut missing, mut absent) = (0, 0);
    for (request, fields) in requests(&owner).await {
        let at = format!("{} {}", request.method, request.path);
        let reply = send(&owner, &request, "{}").await;
        if fields.iter().any(|field| field.required) {
            let names = || fields.iter().filter(|field| field.required);
            assert_eq!(reply.refused(), (400, "bad-json"), "{at}");
            let named = names().any(|field| message(&reply).starts_with(&format!("`{}` is missing", field.name)));
            assert!(named, "{at}: {}", reply.text);
            missing += 1;
        }
        for field in fields.iter().filter(|field| !field.required) {
            let reply = send(&owner, &request, &json!({ &field.name: null }).to_string()).await;
            assert!(!reply.text.contains(&format!("`{}`", field.name)), "{at}: {}", reply.text);
            absent += 1;
        }
    }
    assert!(missing > 15 && absent > 20, "the description is no longer understood: {missing}, {absent}");
}

#[tokio::test]
async fn a_body_that_is_packed_is_refused_as_such() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    for coding in ["gzip", "br", "zstd", "identity, gzip", "x"] {
        let packed = owner.with_header("content-encoding", coding);
        let json = packed.post("/api/v1/tokens/generate", &json!({})).await;
        let bytes = packed.with_header("content-type", "application/octet-stream");
        let bytes = bytes.send_bytes(hyper::Method::PUT, "/api/v1/vault", vec![1; 100]).await;
        for reply in [json, bytes] {
            assert_eq!(reply.refused(), (415, "encoded-body"), "{coding}");
            assert_eq!(reply.header("accept-encoding"), "identity", "{coding}");
        }
    }
    let plain = owner.with_header("content-encoding", "identity");
    assert_eq!(plain.post("/api/v1/tokens/generate", &json!({})).await.status, 201);
}

#[tokio::test]
async fn an_id_of_the_clients_own_choosing_is_ignored() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    for id in [json!("user-123"), json!("acct_AAAAAAAAAAAAAAAAAAAAAA"), json!(7), json!({ "id": [1] }), json!(null)] {
        let made = owner.post("/api/v1/tokens/generate", &json!({ "userId": id })).await;
        assert_eq!(made.status, 201, "{id}: {}", made.text);
        let call = json!({ "scannedToken": made.body["qrCodeData"], "callerAnonymousId": id });
        let call = server.client.post("/api/v1/calls/initiate", &call).await;
        assert_eq!(call.status, 201, "{id}: {}", call.text);
        assert!(call.body["callerAnonymousId"].as_str().is_some_and(|own| own.starts_with("anon_")), "{}", call.text);
    }
    let example = json!({ "scannedToken": "pqc:1:x", "callerAnonymousId": "anon_abc123" });
    let refused = server.client.post("/api/v1/calls/initiate", &example).await;
    assert_eq!(refused.refused(), (400, "bad-code"));
}

#[tokio::test]
async fn what_is_no_object_is_told_by_what_it_is() {
    let server = TestApp::start().await;
    let json = server.client.with_header("content-type", "application/json");
    for (body, said) in [
        ("", "The body is empty; expected a JSON object."),
        (" \r\n", "The body is empty; expected a JSON object."),
        ("[\"ada\",\"canary\"]", "The body must be an object; found an array."),
        ("\"canary\"", "The body must be an object; found a string."),
        ("17", "The body must be an object; found a number."),
        ("null", "The body must be an object; found null."),
        ("{\"token\":\"canary\"", "The body isn't JSON: it ends too early (line 1, column 17)."),
        ("{\"token\":\"canary\",}", "The body isn't JSON: trailing comma (line 1, column 19)."),
        ("{'token':'canary'}", "The body isn't JSON: key must be a string (line 1, column 2)."),
        ("token=canary", "The body isn't JSON: expected ident (line 1, column 2)."),
        ("{\"token\":\"a\"} canary", "The body isn't JSON: trailing characters (line 1, column 15)."),
        ("{\"token\":\"a\",\"token\":\"canary\"}", "`token` is there twice."),
    ] {
        let reply = json.send(hyper::Method::POST, "/api/v1/tokens/validate", body.to_owned()).await;
        assert_eq!(reply.refused(), (400, "bad-json"), "{body}");
        assert_eq!(message(&reply), said, "{body}");
    }
}

#[tokio::test]
async fn a_word_that_is_none_of_the_choices_is_told_with_them() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let reply = owner.post("/api/v1/invites", &json!({ "kind": "canary, expected `x`" })).await;
    assert_eq!(reply.refused(), (400, "bad-json"));
    assert_eq!(message(&reply), "`kind` must be `household` or `owner`; found \"canary, expected `x`\".");
    let reply = owner.post("/api/v1/notes/read", &json!({ "notes": ["a", 5] })).await;
    assert_eq!(message(&reply), "`notes[1]` must be a string; found a number.");
    let note = json!({ "scannedToken": "x", "kind": "text", "minute": -1, "envelope": "x" });
    let reply = owner.post("/api/v1/notes", &note).await;
    assert_eq!(message(&reply), "`minute` must be a whole number of at least 0; found -1.");
}

#[tokio::test]
async fn a_query_that_does_not_fit_is_told_by_its_field() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    for (path, named) in [
        ("/api/v1/admin/audit?limit=ten", "`limit`"),
        ("/api/v1/admin/audit?before=", "`before`"),
        ("/api/v1/admin/audit?limit=1&limit=2", "`limit`"),
        ("/api/v1/notes?limit=-1", "`limit`"),
        ("/api/v1/notes?page=2", "`page`"),
    ] {
        let reply = owner.get(path).await;
        assert_eq!(reply.refused(), (400, "bad-query"), "{path}");
        assert!(message(&reply).contains(named), "{path}: {}", reply.text);
    }
}

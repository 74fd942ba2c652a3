//! The API's description as a page for people: plain HTML without scripts. Compiled into the build script, which makes the
//! page, and into the tests. `BUILD_ID` in it is replaced as in every page.

use std::fmt::Write as _;

use serde_json::Value;

use super::reading::{operations, resolve};

/// The whole page.
pub fn page(document: &Value) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>callqr: the API</title>\n\
         <link rel=\"icon\" href=\"/a/BUILD_ID/img/icon.svg\">\n\
         <link rel=\"stylesheet\" href=\"/a/BUILD_ID/css/api.css\">\n</head>\n<body>\n<main>\n<h1>The API</h1>\n<p>{}</p>\n\
         <p>For programs: <a href=\"/api/v1/openapi.json\">openapi.json</a> (OpenAPI 3.1).</p>\n",
        text(&document["info"]["description"])
    );
    let tags: Vec<_> = document["tags"].as_array().into_iter().flatten().collect();
    let of_tag = |tag: &Value| {
        let name = tag["name"].clone();
        operations(document).filter(move |(_, _, operation)| operation["tags"][0] == name).collect::<Vec<_>>()
    };
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(html, "<nav aria-label=\"Requests\"><ul>");
    for (path, method, _) in tags.iter().flat_map(|tag| of_tag(tag)) {
        let _ = writeln!(html, "<li><a href=\"#{}\">{}</a></li>", anchor(path, method), heading(path, method));
    }
    let _ = writeln!(html, "</ul></nav>");
    for tag in &tags {
        let operations = of_tag(tag);
        if operations.is_empty() {
            continue;
        }
        let _ = writeln!(html, "<h2>{}</h2>\n<p>{}</p>", text(&tag["name"]), text(&tag["description"]));
        for (path, method, operation) in operations {
            describe(&mut html, document, path, method, operation);
        }
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn describe(html: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    let _ = writeln!(
        html,
        "<section id=\"{}\">\n<h3>{}</h3>\n<p>{}</p>",
        anchor(path, method),
        heading(path, method),
        text(&operation["summary"])
    );
    if operation["description"].is_string() {
        let _ = writeln!(html, "<p>{}</p>", text(&operation["description"]));
    }
    if !operation["security"].is_null() {
        html.push_str("<p>Requires a session.</p>\n");
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        html.push_str("<h4>Body</h4>\n");
        fields(html, document, body);
    }
    html.push_str("<h4>Answers</h4>\n<dl>\n");
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        let _ = writeln!(html, "<dt>{}</dt>\n<dd>{}", escape(status), text(&answer["description"]));
        let schema = &answer["content"]["application/json"]["schema"];
        if status.starts_with('2') && !schema.is_null() {
            fields(html, document, schema);
        }
        html.push_str("</dd>\n");
    }
    html.push_str("</dl>\n</section>\n");
}

/// A table of an object's fields. Nested objects are summarised.
fn fields(html: &mut String, document: &Value, schema: &Value) {
    let alternatives = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    if let Some(alternatives) = alternatives {
        for (at, alternative) in alternatives.iter().enumerate() {
            if at > 0 {
                html.push_str("<p>or</p>\n");
            }
            fields(html, document, alternative);
        }
        return;
    }
    let properties = properties(document, schema);
    if properties.is_empty() {
        return;
    }
    html.push_str("<table>\n<tr><th>field</th><th>type</th><th>meaning</th></tr>\n");
    for Property { name, field, required } in properties {
        let optional = if required { "" } else { "?" };
        let meaning = if field["description"].is_string() { field } else { resolve(document, field) };
        let _ = writeln!(
            html,
            "<tr><td><code>{}{optional}</code></td><td>{}</td><td>{}</td></tr>",
            escape(name),
            escape(&kind(document, field)),
            text(&meaning["description"])
        );
    }
    html.push_str("</table>\n");
}

/// One field of an object.
struct Property<'a> {
    name: &'a str,
    field: &'a Value,
    required: bool,
}

/// An object's fields. Where one view adds to another, the document says `allOf`.
fn properties<'a>(document: &'a Value, schema: &'a Value) -> Vec<Property<'a>> {
    let schema = resolve(document, schema);
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().flat_map(|part| properties(document, part)).collect();
    }
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields.map(|(name, field)| Property { name, field, required: required(name) }).collect()
}

/// What a value is, in a few words.
fn kind(document: &Value, schema: &Value) -> String {
    let resolved = resolve(document, schema);
    if let Some(words) = resolved["enum"].as_array() {
        return words.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ");
    }
    if let Some(alternatives) = resolved["oneOf"].as_array().or(resolved["anyOf"].as_array()) {
        return alternatives.iter().map(|one| kind(document, one)).collect::<Vec<_>>().join(" or ");
    }
    let names: Vec<_> = properties(document, resolved).into_iter().map(|property| property.name).collect();
    if !names.is_empty() {
        return format!("{{{}}}", names.join(", "));
    }
    match &resolved["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        Value::String(kind_name) if kind_name == "array" => format!("list of {}", kind(document, &resolved["items"])),
        Value::String(kind_name) => kind_name.clone(),
        _ => "anything".into(),
    }
}

fn heading(path: &str, method: &str) -> String {
    format!("<code>{} {}</code>", method.to_uppercase(), escape(path))
}

fn anchor(path: &str, method: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("{method}{}", path.chars().map(plain).collect::<String>())
}

/// A string from the document as HTML. Text between backticks becomes code.
fn text(value: &Value) -> String {
    let escaped = escape(value.as_str().unwrap_or_default());
    let parts: Vec<&str> = escaped.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped;
    }
    let code = |(at, part): (usize, &&str)| if at % 2 == 1 { format!("<code>{part}</code>") } else { (*part).into() };
    parts.iter().enumerate().map(code).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

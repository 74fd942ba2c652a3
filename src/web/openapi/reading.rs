//! Reads an OpenAPI document. Compiled into the build script too, which makes of it what is served.

use serde_json::Value;

/// The methods that a description can have as keys.
pub const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Path, method and operation, in the document's order.
pub fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        METHODS.into_iter().filter_map(move |method| Some((path.as_str(), method, item.get(method)?)))
    })
}

/// The schema that a `$ref` stands for, or the schema itself.
pub fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|target| document.pointer(target.strip_prefix('#')?));
    target.unwrap_or(schema)
}

/// One line per request: method, path and body fields, with a `?` after optional ones.
pub fn endpoints(document: &Value) -> Vec<String> {
    let line = |(path, method, operation): (&str, &str, &Value)| {
        let body = resolve(document, &operation["requestBody"]["content"]["application/json"]["schema"]);
        let required = |name: &str| body["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
        let fields = body["properties"].as_object().into_iter().flatten();
        let fields: Vec<_> =
            fields.map(|(name, _)| if required(name) { name.clone() } else { format!("{name}?") }).collect();
        let fields = if fields.is_empty() { String::new() } else { format!(" {{{}}}", fields.join(", ")) };
        format!("{} {path}{fields}", method.to_uppercase())
    };
    operations(document).map(line).collect()
}

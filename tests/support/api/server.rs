//! What the server says of itself.

use hyper::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{Client, Reply};

#[derive(Debug, Deserialize)]
pub struct Index {
    pub registration: String,
    pub endpoints: Vec<String>,
}

/// A request as the API describes it.
pub struct Described {
    pub method: Method,
    pub path: String,
    pub operation: Value,
}

requests! {
    index() = GET "" => 200 Index;
    openapi() = GET "/openapi.json" => 200 Value;
}

impl Client {
    /// Who may register.
    pub async fn registration(&self) -> String {
        self.index().await.ok().registration
    }

    /// Every request, by the API's own description.
    pub async fn described(&self) -> Vec<Described> {
        let document = self.openapi().await.ok();
        let mut requests = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let method = method.to_uppercase().parse().unwrap();
                requests.push(Described { method, path: path.clone(), operation: operation.clone() });
            }
        }
        requests
    }
}

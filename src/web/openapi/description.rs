//! Puts the API's description together from the annotations: in tests, which hold the committed document against it.

use serde_json::Value;
use utoipa::OpenApi as _;
use utoipa::openapi::path::Paths;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{OpenApi as Document, RefOr};

use super::{Annotation, Details, Problem, rules};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "callqr",
        description = "People can be called through a QR code without giving anything away. Bodies are JSON, at most 64 KiB; \
                       times are RFC 3339 in UTC. Pages log in with a cookie, and every request except GET must come \
                       from the server's own Origin; programs send a bearer token.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Problem, Details)),
    tags(
        (name = "calls", description = "What a caller's page requests."),
        (name = "tags", description = "A household's stickers."),
        (name = "vault", description = "What only the owners' browsers can read: keys, tokens and labels."),
        (name = "notes", description = "Notes from callers, which only the owners' browsers can read."),
        (name = "log-in", description = "Registering, logging in and logging out."),
        (name = "account", description = "The account that is logged in."),
        (name = "administration", description = "For administrators."),
        (name = "devices", description = "How an owner's device gets calls."),
        (name = "server", description = "The appliance itself."),
    )
)]
struct Outline;

/// What annotations say about paths, and the schemas that they name.
#[derive(Default)]
pub struct Described {
    paths: Paths,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Described {
    /// Adds what one annotation says.
    pub fn add<A: Annotation>(&mut self) {
        let mut operation = A::operation();
        let tags = A::tags();
        if !tags.is_empty() {
            operation.tags.get_or_insert_default().extend(tags.into_iter().map(str::to_owned));
        }
        A::schemas(&mut self.schemas);
        self.paths.add_path_operation(A::path(), A::methods(), operation);
    }

    /// Adds what others say.
    pub fn extend(&mut self, other: Self) {
        self.paths.merge(other.paths);
        self.schemas.extend(other.schemas);
    }

    /// The same, with every path behind a prefix.
    pub fn below(self, prefix: &str) -> Self {
        let mut paths = Paths::new();
        for (path, item) in self.paths.paths {
            paths.paths.insert(format!("{prefix}{path}").trim_end_matches('/').to_owned(), item);
        }
        Self { paths, schemas: self.schemas }
    }

    /// The whole document.
    pub fn document(self) -> Value {
        let mut document: Document = Outline::openapi();
        document.paths.merge(self.paths);
        let schemas = &mut document.components.get_or_insert_default().schemas;
        for (name, schema) in self.schemas {
            // A type that several requests use comes several times, always the same.
            let known = schemas.get(&name).map(|known| serde_json::to_value(known).expect("it is JSON"));
            let same = known.is_none_or(|known| known == serde_json::to_value(&schema).expect("it is JSON"));
            assert!(same, "two types share the schema name {name}: give one of them #[schema(as = …)]");
            schemas.insert(name, schema);
        }
        let mut document = serde_json::to_value(&document).expect("it is JSON");
        rules::complete(&mut document);
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema as _;

    fn described(schemas: [RefOr<Schema>; 2]) -> Described {
        Described { schemas: schemas.map(|schema| ("Twice".to_owned(), schema)).into(), ..Described::default() }
    }

    /// One of the two would be shown in place of the other.
    #[test]
    #[should_panic(expected = "two types share the schema name Twice")]
    fn equal_names_of_different_types_are_refused() {
        described([String::schema(), u32::schema()]).document();
    }

    #[test]
    fn a_type_that_several_requests_use_is_described_once() {
        let document = described([u32::schema(), u32::schema()]).document();
        assert_eq!(document["components"]["schemas"]["Twice"]["type"], "integer");
    }
}

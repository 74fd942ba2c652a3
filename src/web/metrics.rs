//! `GET /metrics`: numbers for monitoring, in Prometheus' text exposition format, on an address of their own.
//!
//! Written by hand: the numbers are counted elsewhere, and what remains is a dozen lines of formatting.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Response, header};
use axum::middleware::{from_fn, map_response};
use axum::routing::get;

use crate::web::middleware::{headers, host};

/// Whether a number can go down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Counts up from the start of the process.
    Counter,
    /// A number of this moment.
    Gauge,
}

/// Numbers of one name.
#[derive(Debug, Clone)]
pub struct Family {
    /// The name, with `callqr_` in front and the unit behind.
    pub name: &'static str,
    /// One line for people.
    pub help: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Label and value, where there are several numbers, and the number.
    pub samples: Vec<(Option<(&'static str, String)>, u64)>,
}

impl Family {
    /// A family of one number.
    pub fn one(name: &'static str, help: &'static str, kind: Kind, value: u64) -> Self {
        Self { name, help, kind, samples: vec![(None, value)] }
    }
}

/// Serves what `source` says at the moment of asking, and nothing else.
pub fn router(source: Arc<dyn Fn() -> Vec<Family> + Send + Sync>) -> Router {
    let answer = move || {
        let text = render(&source());
        async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text) }
    };
    Router::new().route("/metrics", get(answer)).layer(from_fn(host::require_one)).layer(map_response(with_headers))
}

async fn with_headers(mut response: Response<Body>) -> Response<Body> {
    headers::add_to(response.headers_mut());
    response
}

fn render(families: &[Family]) -> String {
    let mut text = String::new();
    for Family { name, help, kind, samples } in families {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (label, value) in samples {
            let _ = match label {
                Some((label, of)) => writeln!(text, "{name}{{{label}=\"{of}\"}} {value}"),
                None => writeln!(text, "{name} {value}"),
            };
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_prometheus() {
        let dropped = Family {
            name: "callqr_dropped_total",
            help: "What was dropped.",
            kind: Kind::Counter,
            samples: vec![(Some(("cause", "rate".into())), 7)],
        };
        let text = render(&[Family::one("callqr_calls", "Calls now.", Kind::Gauge, 2), dropped]);
        let expected = "# HELP callqr_calls Calls now.\n# TYPE callqr_calls gauge\ncallqr_calls 2\n\
                        # HELP callqr_dropped_total What was dropped.\n# TYPE callqr_dropped_total counter\n\
                        callqr_dropped_total{cause=\"rate\"} 7\n";
        assert_eq!(text, expected);
    }
}

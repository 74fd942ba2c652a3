//! Logging: structured, and free of private values.
//!
//! Only our own events are ever enabled, at every level. Libraries print peers' addresses, headers and SDP in their
//! debug lines, so there is no switch that turns them on; what of theirs matters, we log in our own words.
//!
//! What the levels mean: `error` the operator must act; `warn` something is wrong but the server copes; `info` what an
//! operator wants to know about the server itself; `debug` and `trace` for developers. No line of any
//! level identifies a person, a device, a tag or a call.
//!
//! Imports nothing of ours. Called by `cli`.

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Layer as _, Registry};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One line of text for people.
    Human {
        /// Whether the sink understands terminal colours.
        colours: bool,
    },
    /// One JSON object per line: `timestamp`, `level`, `target`, `message` and the event's own fields.
    Json,
}

/// What to log and how.
#[derive(Debug, Clone, Copy)]
pub struct LogOptions {
    /// How lines look.
    pub format: Format,
    /// The least important lines to write.
    pub level: LevelFilter,
}

/// Makes `sink` the process's log from now on.
///
/// # Errors
/// When the process has a log already.
pub fn install<W>(options: LogOptions, sink: W) -> Result<(), TryInitError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    subscriber(options, sink).try_init()
}

/// A log that writes to `sink`, for [`install`] and for tests that read what was written.
pub fn subscriber<W>(options: LogOptions, sink: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let ours_only = Targets::new().with_target(env!("CARGO_CRATE_NAME"), options.level);
    // A log that cannot be written, on a full disk, must not end what it tells of.
    let lines = fmt::layer().log_internal_errors(false).with_writer(sink);
    let layer = match options.format {
        Format::Human { colours } => lines.with_ansi(colours).boxed(),
        Format::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
    };
    Registry::default().with(layer.with_filter(ours_only))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: Format, level: LevelFilter, work: impl FnOnce()) -> String {
        let sink = Sink::default();
        let writer = sink.clone();
        let subscriber = subscriber(LogOptions { format, level }, move || writer.clone());
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn json_lines_carry_the_events_own_fields() {
        let line = logged(Format::Json, LevelFilter::INFO, || tracing::info!(port = 8443, "listening"));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&value["level"], &value["message"], &value["port"]),
            (&"INFO".into(), &"listening".into(), &8443.into())
        );
    }

    #[test]
    fn lines_below_the_level_are_left_out() {
        let text = logged(Format::Human { colours: false }, LevelFilter::INFO, || {
            tracing::debug!("quiet");
            tracing::warn!("loud");
        });
        assert!(text.contains("loud") && !text.contains("quiet"), "{text}");
        assert!(!text.contains('\u{1b}'), "colours where none were asked for: {text:?}");
    }

    #[test]
    fn libraries_are_silent_even_at_the_finest_level() {
        for format in [Format::Json, Format::Human { colours: true }] {
            let text = logged(format, LevelFilter::TRACE, || {
                tracing::error!(target: "hyper::proto", "peer 203.0.113.7");
                tracing::error!(target: "rustls", "peer 203.0.113.7");
                tracing::error!(target: "call", "peer 203.0.113.7");
                let span = tracing::error_span!(target: "h2::codec", "connection", peer = "203.0.113.7");
                span.in_scope(|| tracing::trace!("ours"));
            });
            assert!(text.contains("ours"), "{text}");
            assert!(!text.contains("203.0.113.7"), "{text}");
        }
    }
}

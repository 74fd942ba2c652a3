//! Gathers the counters for monitoring. No number identifies anyone.

use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::hub::Hub;
use crate::limits::concurrency::ConcurrencyLimit;
use crate::net::accept;
use crate::relay::{Dropped, ERROR_CODES, Relay};
use crate::web::connection::{self, ConnectionLimits, Version};
use crate::web::metrics::{Family, Kind, router};

/// How many monitoring programs may connect at the same time.
const CONNECTIONS: usize = 16;

/// What `/metrics` answers.
pub fn of(relay: Relay, hub: Hub) -> Router {
    router(Arc::new(move || families(&relay, &hub)))
}

/// Serves `router` over plain HTTP until the program stops.
pub async fn serve(listener: TcpListener, router: Router, limits: ConnectionLimits, closing: watch::Receiver<bool>) {
    let concurrency = ConcurrencyLimit::new(CONNECTIONS, CONNECTIONS);
    let seen = closing.clone();
    accept::run(
        listener,
        closing,
        |peer| concurrency.admit(peer),
        move |stream, peer| connection::serve(stream, peer, Version::Http1, router.clone(), limits, seen.clone()),
    )
    .await;
}

fn families(relay: &Relay, hub: &Hub) -> Vec<Family> {
    use Kind::{Counter, Gauge};
    let stats = relay.stats();
    let (control, traffic) = (&stats.control, &stats.traffic);
    let labelled = |name, help, label, samples: Vec<(String, u64)>| Family {
        name,
        help,
        kind: Counter,
        samples: samples.into_iter().map(|(of, value)| (Some((label, of)), value)).collect(),
    };
    let direction = |received, sent| vec![("received".to_owned(), received), ("sent".to_owned(), sent)];
    let causes = Dropped::ALL.iter().map(|cause| (cause.name().to_owned(), traffic.dropped[*cause as usize]));
    let codes = ERROR_CODES.iter().zip(control.errors).map(|(code, count)| (code.to_string(), count));
    vec![
        Family::one("callqr_calls", "Calls that are ringing or connected.", Gauge, hub.calls() as u64),
        Family::one("callqr_devices", "Owners' devices that can ring.", Gauge, hub.devices() as u64),
        Family::one("callqr_relay_calls", "Calls that may use the relay.", Gauge, control.calls),
        Family::one("callqr_relay_allocations", "Live allocations.", Gauge, control.allocations),
        Family::one(
            "callqr_relay_allocations_total",
            "Allocations created since the start.",
            Counter,
            control.allocations_made,
        ),
        Family::one("callqr_relay_streams", "TCP and TLS connections to the relay.", Gauge, stats.streams),
        labelled(
            "callqr_relay_packets_total",
            "Packets of any kind, by direction.",
            "direction",
            direction(traffic.received, traffic.sent),
        ),
        labelled(
            "callqr_relay_bytes_total",
            "Bytes of these packets, by direction.",
            "direction",
            direction(traffic.received_bytes, traffic.sent_bytes),
        ),
        labelled("callqr_relay_dropped_total", "Media packets dropped, by cause.", "cause", causes.collect()),
        labelled("callqr_relay_errors_total", "Error responses, by code.", "code", codes.collect()),
        labelled(
            "callqr_relay_limits_total",
            "Times a limit was reached, by limit.",
            "limit",
            vec![
                ("allocations".into(), control.allocations_evicted),
                ("answers_to_strangers".into(), control.unanswered),
                ("calls".into(), control.calls_refused),
                ("queue_of_a_stream".into(), traffic.overflowed),
                ("queue_of_the_system".into(), traffic.unsent),
                ("streams".into(), stats.streams_refused),
            ],
        ),
        Family::one("callqr_relay_malformed_total", "Malformed packets.", Counter, control.malformed),
    ]
}

//! Turns the configuration into the options of each part; below this layer nothing sees the whole.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::accounts;
use crate::auth::sessions;
use crate::config::{Config, Rate, Size};
use crate::domain::network::Network;
use crate::household::{call_log, notes, tags};
use crate::hub;
use crate::keys;
use crate::keys::data_dir::DataDir;
use crate::limits::rate::{RateLimit, RateOptions};
use crate::relay;
use crate::tls;
use crate::upkeep::cleaner;
use crate::web::connection::ConnectionLimits;
use crate::web::origin::OriginPolicy;

/// The most sessions of one account, unless its household may have half as many devices.
const SESSIONS_PER_ACCOUNT: u32 = 50;
/// The port of proxies.
const HTTPS: u16 = 443;

/// Where the certificate of an appliance with this configuration comes from.
pub fn tls(config: &Config) -> tls::TlsOptions {
    let own_files = config.tls.certificate.clone().zip(config.tls.key.clone());
    let public_host = config.public_url.as_ref().map(|url| url.host().to_owned());
    tls::TlsOptions {
        directory: DataDir::tls_in(&config.data_dir),
        own_files: own_files.map(|(certificate, key)| tls::OwnFiles { certificate, key }),
        extra_sans: config
            .tls
            .extra_sans
            .iter()
            .map(|name| name.as_str().to_owned())
            .chain(public_host.clone())
            .collect(),
        public_host,
    }
}

/// The key file provided by the configuration or the service manager; `None` to use our own.
pub fn given_keys(config: &Config) -> Option<PathBuf> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    config.keys.file.clone().or_else(|| keys::credential(credentials.as_deref()))
}

/// Which records of calls are kept.
pub fn call_log(config: &Config) -> call_log::CallLogOptions {
    let kept = &config.retention;
    call_log::CallLogOptions {
        missed_calls: kept.missed_calls.0,
        call_records: kept.call_records.0,
        tickets: hub::tickets_outlive_a_call_by(&hub(config)),
    }
}

/// How long other things are kept.
pub fn retention(config: &Config) -> cleaner::Retention {
    cleaner::Retention { audit: config.retention.audit.0, call_records: config.retention.call_records.0 }
}

/// How many notes are kept, and how long.
pub fn notes(config: &Config) -> notes::NoteOptions {
    let most = notes::Most { per_tag: config.notes.max_per_tag, per_household: config.notes.max_per_household };
    notes::NoteOptions { most, kept: config.retention.notes.0 }
}

/// How long calls ring and last, and how many are allowed.
pub fn hub(config: &Config) -> hub::SignalOptions {
    let defaults = hub::SignalOptions::default();
    hub::SignalOptions {
        ring_time: config.calls.ring_time.0,
        max_duration: config.calls.max_duration.0,
        // A call that the relay has no capacity for must not be placed.
        max_calls: defaults.max_calls.min(config.relay.calls as usize),
        max_devices_per_household: config.limits.devices_per_household as usize,
        max_message: bytes(config.http.websocket_message),
        max_queue: bytes(config.http.websocket_queue),
        fingerprints: config.retention.call_records.0 > std::time::Duration::ZERO,
        ..defaults
    }
}

/// What the relay may be asked for; `udp` is where it listens.
pub fn relay(config: &Config, udp: Vec<SocketAddr>) -> relay::RelayOptions {
    let limits = relay::Limits {
        calls: config.relay.calls as usize,
        bits_per_second: Some(u64::from(config.relay.kilobits_per_second) * 1000),
        bytes_per_call: Some(config.relay.bytes_per_call.0),
        allocations_per_participant: config.relay.allocations_per_participant as usize,
        permissions_per_request: config.relay.permissions_per_request as usize,
        channels_per_allocation: config.relay.channels_per_allocation as usize,
        lifetime: config.relay.allocation_lifetime.0,
        ..relay::Limits::default()
    };
    let streams = config.limits.connections as usize;
    relay::RelayOptions {
        udp,
        limits,
        streams,
        batch_delay: config.relay.batch_delay.0,
        ..relay::RelayOptions::default()
    }
}

/// How often a source may ask.
pub fn limits(config: &Config) -> RateOptions {
    let rate = |rate: Rate| RateLimit { count: rate.count, per: rate.per.0 };
    RateOptions {
        validate: rate(config.limits.validate),
        initiate: rate(config.limits.initiate),
        login: rate(config.limits.login),
        register: rate(config.limits.register),
        note: rate(config.limits.note),
        note_per_tag: rate(config.limits.note_per_tag),
    }
}

/// What the requests of one connection may take.
pub fn http(config: &Config) -> ConnectionLimits {
    ConnectionLimits {
        head_time: config.http.header_timeout.0,
        head_size: bytes(config.http.header_size),
        streams: config.http.streams,
    }
}

/// Which origins are ours, and which may use the API.
pub fn origins(config: &Config, bound: &[SocketAddr]) -> OriginPolicy {
    let mut ports: Vec<u16> = bound.iter().map(SocketAddr::port).collect();
    if !config.http.trusted_proxies.is_empty() {
        ports.push(HTTPS);
    }
    let guests = config.http.cors_origins.iter().map(|origin| origin.as_str().to_owned()).collect();
    OriginPolicy::new(config.public_url.as_ref().map(|url| url.origin())).at_ports(ports).with_guests(guests)
}

/// Proxies trusted to name their clients.
pub fn trusted_proxies(config: &Config) -> Vec<Network> {
    config.http.trusted_proxies.iter().map(|proxies| proxies.0).collect()
}

/// A size, limited to what this machine can address.
pub fn bytes(size: Size) -> usize {
    usize::try_from(size.0).unwrap_or(usize::MAX)
}

/// Who may register.
pub fn accounts(config: &Config) -> accounts::AccountOptions {
    accounts::AccountOptions { registration: config.accounts.registration, max: config.accounts.max }
}

/// How long people stay logged in, and on how many devices.
pub fn sessions(config: &Config) -> sessions::SessionOptions {
    sessions::SessionOptions {
        idle: config.sessions.idle.0,
        lifetime: config.sessions.lifetime.0,
        // Programs log in, too, and every device that may wait to ring needs a session.
        max_per_account: SESSIONS_PER_ACCOUNT.max(config.limits.devices_per_household.saturating_mul(2)),
    }
}

/// How long stickers live, and how many a household may have.
pub fn tags(config: &Config) -> tags::TagOptions {
    tags::TagOptions {
        default_lifetime: config.tags.default_lifetime,
        max_per_household: config.tags.max_per_household,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_configuration_says_by_default_is_what_the_parts_ship() {
        let config = Config::default();
        let (relay, shipped) = (super::relay(&config, Vec::new()), relay::RelayOptions::default());
        assert_eq!(format!("{relay:?}"), format!("{shipped:?}"));
        assert_eq!(format!("{:?}", super::hub(&config)), format!("{:?}", hub::SignalOptions::default()));
    }
}

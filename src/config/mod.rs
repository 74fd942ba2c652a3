//! Every setting, with its default and meaning.
//!
//! The defaults are here and nowhere else; `config.example.toml` explains them to people, and a test keeps the two
//! alike. A file need not exist. Unknown keys are refused, and every problem is reported at once.
//!
//! Imports `domain`. Called by `app`, `cli`.

mod edge;
mod environment;
mod fault;
mod load;
mod period;
mod suggest;
mod values;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

pub use edge::{CorsOrigin, TrustedProxies};
pub use environment::Environment;
pub use fault::Fault;
use load::{Node, Sources};
pub use load::{Override, Problem};
pub use period::Period;
pub use values::{
    HostName, Lifetime, Listen, LogFormat, LogLevel, LoopbackAddress, PublicUrl, Rate, Registration, Size,
};

macro_rules! section {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $default:expr,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Serialize)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl Node for $name {
            fn fill(&mut self, sources: &mut Sources<'_>, prefix: &str) {
                $(self.$field.fill(sources, &join(prefix, stringify!($field)));)+
            }
        }
    };
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

section! {
    /// Everything that an operator may set.
    Config {
        /// Where the database, the keys and the certificates are kept; made with mode 0700 when missing.
        data_dir: PathBuf = PathBuf::from("data"),
        /// Where to listen; the same port number for TCP and UDP.
        listen: Listen = Listen::parse("[::]:8443").unwrap_or_else(|_| unreachable!("the default is an address")),
        /// The address that stickers carry; without it, the one under which the owner reached the page.
        public_url: Option<PublicUrl> = None,
        /// The secret keys.
        keys: Keys = Keys::default(),
        /// Accounts.
        accounts: Accounts = Accounts::default(),
        /// Stickers.
        tags: Tags = Tags::default(),
        /// Calls.
        calls: Calls = Calls::default(),
        /// Notes.
        notes: Notes = Notes::default(),
        /// What calls may cost the relay.
        relay: Relay = Relay::default(),
        /// Bounds on what strangers may ask for.
        limits: Limits = Limits::default(),
        /// How long people stay logged in.
        sessions: Sessions = Sessions::default(),
        /// How long things are kept.
        retention: Retention = Retention::default(),
        /// Time limits of the HTTP edge.
        http: Http = Http::default(),
        /// Certificates.
        tls: Tls = Tls::default(),
        /// Numbers for monitoring.
        metrics: Metrics = Metrics::default(),
        /// Logging.
        log: Log = Log::default(),
    }
}

section! {
    /// The secret keys.
    Keys {
        /// A key file to use, without ever changing it, instead of `keys/master.key` in `data_dir`.
        file: Option<PathBuf> = None,
    }
}

section! {
    /// Accounts.
    Accounts {
        /// Who may register, once the set-up link has made the first account.
        registration: Registration = Registration::Invite,
        /// The most accounts. 1 to 100,000.
        max: u32 = 1_000,
    }
}

section! {
    /// Stickers.
    Tags {
        /// How long a new tag works when its owner does not choose. 1s to 1000 years, or until revoked.
        default_lifetime: Lifetime = Lifetime::YEAR,
        /// The most tags that one household may have, expired ones included. It can make 50 times as many altogether.
        max_per_household: u32 = 200,
    }
}

section! {
    /// Calls.
    Calls {
        /// How long a call may last; both sides are warned a minute before. 1m to 24h.
        max_duration: Period = Period::seconds(30 * 60),
        /// How long a call rings before it counts as not answered. 5s to 5m.
        ring_time: Period = Period::seconds(45),
    }
}

section! {
    /// Notes that callers leave.
    Notes {
        /// The most notes that wait for a household through one tag; further ones are refused. 1 to 10,000.
        max_per_tag: u32 = 100,
        /// The most notes that wait for one household. 1 to 10,000.
        max_per_household: u32 = 500,
    }
}

section! {
    /// What calls may cost the relay.
    Relay {
        /// The most calls at the same time. 1 to 65,536.
        calls: u32 = 20_000,
        /// The most kilobits of voice per second from one side of a call to the other. 16 to 1,000,000.
        kilobits_per_second: u32 = 2_500,
        /// The most bytes that one call may send in both directions together; at least 1MiB.
        bytes_per_call: Size = Size::mebibytes(2048),
        /// The most allocations of one participant at the same time. A browser makes up to six, and as many again after
        /// each change of networks; one too many replaces the one that has been silent longest. 2 to 64.
        allocations_per_participant: u32 = 8,
        /// The most peers that one request may permit. 1 to 64.
        permissions_per_request: u32 = 10,
        /// The most channels of one allocation. 1 to 1,000.
        channels_per_allocation: u32 = 10,
        /// How long an allocation lives that is not refreshed. 1m to 10m.
        allocation_lifetime: Period = Period::seconds(600),
        /// The longest pause in which packets gather when many come, to be handled together. 0us to 5ms.
        batch_delay: Period = Period(Duration::from_micros(300)),
    }
}

section! {
    /// Bounds on what one source (an IPv4 address or an IPv6 /64) may ask for, and on the whole.
    Limits {
        /// Questions whether a sticker can be called.
        validate: Rate = Rate::new(30, 60),
        /// Calls.
        initiate: Rate = Rate::new(10, 60),
        /// Attempts to log in.
        login: Rate = Rate::new(10, 5 * 60),
        /// Attempts to register.
        register: Rate = Rate::new(10, 60 * 60),
        /// Notes.
        note: Rate = Rate::new(10, 10 * 60),
        /// Notes through one tag, of all sources together.
        note_per_tag: Rate = Rate::new(30, 60 * 60),
        /// TCP connections of all sources together; further ones are closed at once. 16 to 1,000,000.
        connections: u32 = 10_000,
        /// TCP connections of one source; without it a sixteenth of all. 1 to 1,000,000.
        connections_per_source: Option<u32> = None,
        /// Devices of one household that may wait to be rung at the same time. 1 to 1,000.
        devices_per_household: u32 = 16,
        /// Requests of all sources together that are being answered; further ones get 503. 16 to 65,536.
        requests: u32 = 1024,
        /// Requests of one source that are being answered. 4 to 65,536.
        requests_per_source: u32 = 64,
    }
}

section! {
    /// How long things are kept.
    Retention {
        /// Security events. 1d to 3650d.
        audit: Period = Period::seconds(30 * 24 * 60 * 60),
        /// Missed calls, for accounts that keep a list of them. 1h to 365d.
        missed_calls: Period = Period::seconds(7 * 24 * 60 * 60),
        /// Notes that callers left, opened or not. 1h to 365d.
        notes: Period = Period::seconds(30 * 24 * 60 * 60),
        /// Records of calls: names valid for one call, times and how it ended. 0s (no records) to 365d.
        call_records: Period = Period::seconds(0),
    }
}

section! {
    /// How long people stay logged in. Actions that cannot be undone ask for a fresh proof anyway.
    Sessions {
        /// A session that is not used for this long ends; a device that waits to be rung uses it. 5m to 365d.
        idle: Period = Period::seconds(30 * 24 * 60 * 60),
        /// A session ends after this long, however much it is used, unless its token is refreshed. 1h to 365d.
        lifetime: Period = Period::seconds(180 * 24 * 60 * 60),
    }
}

section! {
    /// The HTTP edge: bounds on what one connection may take, and who may speak for others.
    Http {
        /// Origins of web applications elsewhere whose scripts may use the API (CORS); none by default.
        cors_origins: Vec<CorsOrigin> = Vec::new(),
        /// Proxies whose `Forwarded`, `X-Forwarded-For` or PROXY header is believed; none by default.
        trusted_proxies: Vec<TrustedProxies> = Vec::new(),
        /// From the connection's start to the end of its TLS handshake. 1s to 10m, like the next two.
        handshake_timeout: Period = Period::seconds(10),
        /// For a whole request head; also how long an idle connection is kept.
        header_timeout: Period = Period::seconds(10),
        /// For a whole request body.
        body_timeout: Period = Period::seconds(15),
        /// The most bytes of a request's head. 8KiB to 1MiB.
        header_size: Size = Size::kibibytes(16),
        /// The most bytes of a request's body. 1KiB to 1MiB.
        body_size: Size = Size::kibibytes(64),
        /// The most streams of one HTTP/2 connection. 1 to 1,000.
        streams: u32 = 100,
        /// The most bytes of one WebSocket message, in however many frames. 4KiB to 64KiB.
        websocket_message: Size = Size::kibibytes(64),
        /// The most bytes queued for one WebSocket; a client that does not read them is closed. 64KiB to 16MiB.
        websocket_queue: Size = Size::kibibytes(256),
    }
}

section! {
    /// Certificates.
    Tls {
        /// A certificate chain in PEM form to use instead of the built-in authority; reloaded when it changes.
        certificate: Option<PathBuf> = None,
        /// The private key of that certificate, in PEM form.
        key: Option<PathBuf> = None,
        /// Further names and addresses that lead here, for the built-in authority's certificates.
        extra_sans: Vec<HostName> = Vec::new(),
    }
}

section! {
    /// Metrics for monitoring. They identify no one.
    Metrics {
        /// Where to serve them over plain HTTP, at `/metrics`; on this machine only.
        listen: Option<LoopbackAddress> = None,
    }
}

section! {
    /// Logging.
    Log {
        /// How log lines look.
        format: LogFormat = LogFormat::Auto,
        /// The least important lines that are logged.
        level: LogLevel = LogLevel::Info,
    }
}

impl Config {
    /// The defaults, changed by the file at `path`, then by `overrides` in their order.
    ///
    /// # Errors
    /// Every problem of the file and of the overrides, in the order of the file.
    pub fn load(path: Option<&Path>, overrides: &[Override]) -> Result<Self, Vec<Problem>> {
        let text = path.map(load::read_file).transpose().map_err(|problem| vec![problem])?.unwrap_or_default();
        Self::parse(path.unwrap_or(Path::new("")), &text, overrides)
    }

    /// As [`Config::load`], with the file's text at hand; `file` is its name in messages.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(file: &Path, text: &str, overrides: &[Override]) -> Result<Self, Vec<Problem>> {
        let mut config = Self::default();
        let mut sources = Sources::new(file, text, overrides);
        config.fill(&mut sources, "");
        config.check(&mut sources);
        let problems = sources.finish();
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    /// What environment variables say about settings, by [`Override::variable`].
    pub fn environment(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Environment {
        Environment::read(variables, &Self::keys())
    }

    /// The path of every setting, such as `calls.ring_time`.
    pub fn keys() -> Vec<String> {
        let mut sources = Sources::new(Path::new(""), "", &[]);
        Self::default().fill(&mut sources, "");
        sources.into_keys()
    }

    /// The settings in force as TOML. No setting holds a secret itself: `tls.key` names a file.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_else(|error| unreachable!("every setting can be written as TOML: {error}"))
    }

    fn check(&self, sources: &mut Sources<'_>) {
        let minutes = |n: u64| Period::seconds(n * 60);
        let periods = [
            ("calls.max_duration", self.calls.max_duration, minutes(1), minutes(24 * 60)),
            ("calls.ring_time", self.calls.ring_time, Period::seconds(5), minutes(5)),
            ("relay.allocation_lifetime", self.relay.allocation_lifetime, minutes(1), minutes(10)),
            ("relay.batch_delay", self.relay.batch_delay, Period::seconds(0), Period(Duration::from_millis(5))),
            ("retention.audit", self.retention.audit, minutes(24 * 60), minutes(3650 * 24 * 60)),
            ("retention.missed_calls", self.retention.missed_calls, minutes(60), minutes(365 * 24 * 60)),
            ("retention.notes", self.retention.notes, minutes(60), minutes(365 * 24 * 60)),
            ("retention.call_records", self.retention.call_records, Period::seconds(0), minutes(365 * 24 * 60)),
            ("sessions.idle", self.sessions.idle, minutes(5), minutes(365 * 24 * 60)),
            ("sessions.lifetime", self.sessions.lifetime, minutes(60), minutes(365 * 24 * 60)),
            ("http.handshake_timeout", self.http.handshake_timeout, Period::seconds(1), minutes(10)),
            ("http.header_timeout", self.http.header_timeout, Period::seconds(1), minutes(10)),
            ("http.body_timeout", self.http.body_timeout, Period::seconds(1), minutes(10)),
        ];
        for (key, value, least, most) in periods {
            if !(least..=most).contains(&value) {
                let remedy = format!("Choose a time from {least} to {most}.");
                sources.report(key, Fault::new(format!("{value} is out of range"), remedy));
            }
        }
        let numbers = [
            ("accounts.max", self.accounts.max, 1, 100_000),
            ("tags.max_per_household", self.tags.max_per_household, 1, 100_000),
            ("notes.max_per_tag", self.notes.max_per_tag, 1, 10_000),
            ("notes.max_per_household", self.notes.max_per_household, 1, 10_000),
            ("relay.calls", self.relay.calls, 1, 65_536),
            ("relay.kilobits_per_second", self.relay.kilobits_per_second, 16, 1_000_000),
            ("relay.allocations_per_participant", self.relay.allocations_per_participant, 2, 64),
            ("relay.permissions_per_request", self.relay.permissions_per_request, 1, 64),
            ("relay.channels_per_allocation", self.relay.channels_per_allocation, 1, 1_000),
            ("limits.connections", self.limits.connections, 16, 1_000_000),
            ("limits.connections_per_source", self.limits.connections_per_source.unwrap_or(1), 1, 1_000_000),
            ("limits.devices_per_household", self.limits.devices_per_household, 1, 1_000),
            ("limits.requests", self.limits.requests, 16, 65_536),
            ("limits.requests_per_source", self.limits.requests_per_source, 4, 65_536),
            ("http.streams", self.http.streams, 1, 1_000),
        ];
        for (key, value, least, most) in numbers {
            if !(least..=most).contains(&value) {
                let remedy = format!("Choose a number from {least} to {most}.");
                sources.report(key, Fault::new(format!("{value} is out of range"), remedy));
            }
        }
        let kib = Size::kibibytes;
        let sizes = [
            ("http.header_size", self.http.header_size, kib(8), kib(1024)),
            ("http.body_size", self.http.body_size, kib(1), kib(1024)),
            ("http.websocket_message", self.http.websocket_message, kib(4), kib(64)),
            ("http.websocket_queue", self.http.websocket_queue, kib(64), kib(16 * 1024)),
        ];
        for (key, value, least, most) in sizes {
            if !(least..=most).contains(&value) {
                let remedy = format!("Choose a size from {least} to {most}.");
                sources.report(key, Fault::new(format!("{value} is out of range"), remedy));
            }
        }
        if self.relay.bytes_per_call < Size::mebibytes(1) {
            let fault = Fault::new(format!("{} is out of range", self.relay.bytes_per_call), "Choose at least 1MiB.");
            sources.report("relay.bytes_per_call", fault);
        }
        if let Some(LoopbackAddress(metrics)) = self.metrics.listen {
            let meets = |own: &&SocketAddr| {
                let covers =
                    own.ip() == metrics.ip() || own.ip().is_unspecified() && own.is_ipv4() == metrics.is_ipv4();
                covers && own.port() == metrics.port() && metrics.port() != 0
            };
            if let Some(own) = self.listen.addresses.iter().find(meets) {
                let remedy = "Choose a port of its own for the metrics.";
                sources
                    .report("metrics.listen", Fault::new(format!("{metrics} is what listen takes with {own}"), remedy));
            }
        }
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            let (given, missing) = match self.tls.key {
                None => ("tls.certificate", "tls.key"),
                Some(_) => ("tls.key", "tls.certificate"),
            };
            let remedy = format!("Set {missing} too, or remove both to use the built-in authority.");
            sources.report(given, Fault::new(format!("{missing} is missing"), remedy));
        }
    }
}

#[cfg(test)]
mod tests;

//! What a setting may be: each type parses one form of text and prints it again.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::Serialize;

use super::edge::{CorsOrigin, TrustedProxies};
use super::fault::Fault;
use super::period::Period;
pub use crate::domain::account::Registration;
pub use crate::domain::household::lifetime::Lifetime;

/// A number of bytes, written with a unit: `64KiB`, `512MiB`, `2GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

impl Size {
    /// That many binary kilobytes.
    pub const fn kibibytes(count: u64) -> Self {
        Self(count << 10)
    }

    /// That many binary megabytes.
    pub const fn mebibytes(count: u64) -> Self {
        Self(count << 20)
    }

    /// Reads a number and its unit.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fault = || {
            Fault::new(
                format!("{text:?} is not a size"),
                "Write a whole number and a unit (B, KiB, MiB or GiB), such as \"512MiB\" or \"2GiB\".",
            )
        };
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(fault)?;
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| fault())?;
        let (_, scale) = SIZES.iter().find(|(name, _)| *name == unit.trim_start()).ok_or_else(fault)?;
        number.checked_mul(*scale).map(Self).ok_or_else(fault)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fitting = SIZES.iter().rev().find(|(_, scale)| self.0 != 0 && self.0.is_multiple_of(*scale));
        let (unit, scale) = fitting.copied().unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / scale)
    }
}

/// A limit for one source: this many at once, refilled over the period, written as `30 per 1m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many are allowed at once.
    pub count: u32,
    /// The time in which the same number is allowed again.
    pub per: Period,
}

impl Rate {
    /// `count` at once and again every `seconds`.
    pub const fn new(count: u32, seconds: u64) -> Self {
        Self { count, per: Period::seconds(seconds) }
    }

    /// Reads `COUNT per PERIOD`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fault = || {
            Fault::new(format!("{text:?} is not a rate"), "Write a count and a length of time, such as \"30 per 1m\".")
        };
        let (count, per) = text.split_once(" per ").ok_or_else(fault)?;
        let count = count.trim().parse().ok().filter(|count| (1..=1_000_000).contains(count)).ok_or_else(fault)?;
        let per = Period::parse(per.trim()).ok().filter(|per| *per >= Period::seconds(1)).ok_or_else(fault)?;
        Ok(Self { count, per })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {}", self.count, self.per)
    }
}

/// Where to listen: one port number, for TCP and UDP alike, on some addresses or on all of IPv4 and IPv6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    texts: Vec<String>,
    /// Each is bound on its own, the IPv6 ones for IPv6 alone; never empty, all with the same port.
    pub addresses: Vec<SocketAddr>,
}

impl Listen {
    /// Reads `ADDRESS:PORT`, or several with commas between them; `[::]:PORT` and a bare `PORT` mean every address of
    /// IPv6 and IPv4.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse_list(text.split(','))
    }

    /// Reads a list of addresses, each as in [`Listen::parse`].
    pub(super) fn parse_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Fault> {
        let mut listen = Self { texts: Vec::new(), addresses: Vec::new() };
        for text in texts {
            listen.addresses.extend(addresses(text)?);
            listen.texts.push(text.trim().to_owned());
        }
        let ports: BTreeSet<u16> = listen.addresses.iter().map(SocketAddr::port).collect();
        match ports.len() {
            0 => Err(Fault::new("the list is empty", "Write at least one address, or remove the setting.")),
            1 => {
                listen.forget_covered();
                Ok(listen)
            }
            _ => Err(Fault::new(
                "the addresses have different ports",
                "Use the same port for every address: stickers and calls need a single port.",
            )),
        }
    }

    /// Drops duplicates, and addresses covered by the wildcard address of their family, which cannot be bound as well.
    fn forget_covered(&mut self) {
        let all = std::mem::take(&mut self.addresses);
        let is_covered = |address: &SocketAddr| {
            let is_whole = |other: &SocketAddr| other.ip().is_unspecified() && other.is_ipv4() == address.is_ipv4();
            !address.ip().is_unspecified() && all.iter().any(is_whole)
        };
        for address in all.iter().filter(|address| !is_covered(address)) {
            if !self.addresses.contains(address) {
                self.addresses.push(*address);
            }
        }
    }

    /// The port, the same for every address; 0 asks the system for a free one.
    pub fn port(&self) -> u16 {
        self.addresses.first().map_or(0, SocketAddr::port)
    }
}

fn addresses(text: &str) -> Result<Vec<SocketAddr>, Fault> {
    let trimmed = text.trim();
    let everywhere =
        |port| vec![SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)), SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))];
    if let Ok(port) = trimmed.strip_prefix(':').unwrap_or(trimmed).parse::<u16>() {
        return Ok(everywhere(port));
    }
    match trimmed.parse::<SocketAddr>() {
        Ok(address) if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ok(everywhere(address.port())),
        Ok(address) => Ok(vec![address]),
        Err(_) => Err(Fault::new(
            format!("{text:?} is not an address to listen on"),
            "Write an IP address and a port, such as \"[::]:8443\" (all addresses), \"0.0.0.0:8443\" (IPv4) or \
             \"127.0.0.1:8443\".",
        )),
    }
}

impl Serialize for Listen {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.texts[..] {
            [text] => serializer.serialize_str(text),
            texts => serializer.collect_seq(texts),
        }
    }
}

/// An address of this machine that other machines cannot reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopbackAddress(pub SocketAddr);

impl LoopbackAddress {
    /// Reads `127.0.0.1:PORT` or `[::1]:PORT`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let address = text.trim().parse::<SocketAddr>().ok().filter(|address| address.ip().is_loopback());
        address.map(Self).ok_or_else(|| {
            Fault::new(
                format!("{text:?} is not a loopback address with a port"),
                "Write \"127.0.0.1:9464\" or another port; to reach it from other machines, use a proxy on this one.",
            )
        })
    }
}

impl fmt::Display for LoopbackAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The https origin under which the world reaches this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    host: String,
    port: u16,
}

impl PublicUrl {
    /// Reads `https://HOST` or `https://HOST:PORT`, with nothing after it but one slash.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fault = |why: &str| {
            Fault::new(
                format!("{text:?} is not the address of an https server: {why}"),
                "Write the address as people type it, without a path, such as \"https://call.example.org\".",
            )
        };
        let url: http::Uri = text.trim().parse().map_err(|_| fault("it is not a valid URL"))?;
        if url.scheme_str() != Some("https") {
            return Err(fault(
                "it must begin with https://, because browsers allow the microphone only on https pages",
            ));
        }
        if !matches!(url.path_and_query().map(http::uri::PathAndQuery::as_str), None | Some("" | "/"))
            || text.contains('#')
        {
            return Err(fault("it must not have a path, a query or a fragment"));
        }
        let authority = url.authority().ok_or_else(|| fault("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(fault("it must not have a user name"));
        }
        let rest = &authority.as_str()[authority.host().len()..];
        let port = match rest.strip_prefix(':') {
            None => 443,
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| fault("its port is not between 1 and 65535"))?,
        };
        let host = authority.host().to_ascii_lowercase();
        if !is_host(&host) {
            return Err(fault("its host is neither a DNS name nor an IP address"));
        }
        Ok(Self { host, port })
    }

    /// The origin as browsers send it: lower case, without the port where it is 443.
    pub fn origin(&self) -> String {
        match self.port {
            443 => format!("https://{}", self.host),
            port => format!("https://{}:{port}", self.host),
        }
    }

    /// The DNS name or IP address; IPv6 addresses in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, 443 where the address names none.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

/// Another DNS name or IP address for the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    /// Reads a DNS name or an IP address (IPv6 without brackets).
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let name = text.trim().to_ascii_lowercase();
        if name.parse::<Ipv6Addr>().is_ok() || (!name.starts_with('[') && is_host(&name)) {
            return Ok(Self(name));
        }
        Err(Fault::new(
            format!("{text:?} is neither a DNS name nor an IP address"),
            "Write a name such as \"callqr.lan\" or an address such as \"192.168.1.5\"; international names in their \
             xn-- form.",
        ))
    }

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let all_numeric = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    host.len() <= 253 && host.split('.').all(label) && (!all_numeric || host.parse::<Ipv4Addr>().is_ok())
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Reads one of the words.
            pub fn parse(text: &str) -> Result<Self, Fault> {
                one_of(text, Self::WORDS)
            }

            pub(super) const WORDS: &[(&str, Self)] = &[$(($word, Self::$variant)),+];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word),+ })
            }
        }
    };
}

words! {
    /// How log lines look.
    LogFormat {
        /// For people on a terminal, JSON otherwise.
        Auto = "auto",
        /// For people, with colours on a terminal.
        Human = "human",
        /// One JSON object per line.
        Json = "json",
    }
}

words! {
    /// The least important lines that are logged.
    LogLevel {
        /// The server cannot do its job; the operator must act.
        Error = "error",
        /// Something is wrong but the server copes.
        Warn = "warn",
        /// What an operator wants to know: starts, stops, changes.
        Info = "info",
        /// What a developer wants to know; no private value is logged here either.
        Debug = "debug",
        /// Everything; no private value is logged here either.
        Trace = "trace",
    }
}

/// The value that `text` names among `choices`.
pub(super) fn one_of<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, Fault> {
    choices
        .iter()
        .find(|(word, _)| *word == text.trim())
        .map(|(_, value)| *value)
        .ok_or_else(|| Fault::new(format!("{text:?} is not a valid value"), format!("Write one of {}.", list(choices))))
}

/// All the words, each in quotes.
pub(super) fn list<T>(choices: &[(&str, T)]) -> String {
    choices.iter().map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}

macro_rules! serialize_as_text {
    ($($name:ty),+) => {
        $(impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        })+
    };
}
serialize_as_text!(
    CorsOrigin,
    TrustedProxies,
    Period,
    Size,
    Rate,
    LoopbackAddress,
    PublicUrl,
    HostName,
    LogFormat,
    LogLevel
);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, bytes) in [("0B", 0), ("512B", 512), ("64KiB", 65_536), ("3 MiB", 3 << 20), ("2GiB", 2 << 30)] {
            assert_eq!(Size::parse(text).unwrap().0, bytes, "{text}");
        }
        for bad in ["", "5", "5GB", "GiB", "1.5GiB", "-1B", "99999999999GiB"] {
            assert!(Size::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_size_that_is_printed_reads_as_itself(bytes in any::<u64>()) {
            prop_assert_eq!(Size::parse(&Size(bytes).to_string()).unwrap(), Size(bytes));
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in ".{0,40}") {
            let _ = (Size::parse(&text), Rate::parse(&text), Listen::parse(&text), PublicUrl::parse(&text),
                HostName::parse(&text));
        }
    }

    #[test]
    fn rates_are_read_and_nonsense_is_refused() {
        assert_eq!(Rate::parse("30 per 1m").unwrap(), Rate::new(30, 60));
        for bad in ["30", "0 per 1m", "30 per 0s", "30 per minute", "x per 1m", "30/1m"] {
            assert!(Rate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn all_addresses_means_both_families() {
        for text in ["[::]:8443", "8443", ":8443"] {
            let listen = Listen::parse(text).unwrap();
            assert_eq!(listen.addresses, ["[::]:8443".parse().unwrap(), "0.0.0.0:8443".parse().unwrap()], "{text}");
        }
        assert_eq!(Listen::parse("0.0.0.0:1").unwrap().addresses.len(), 1);
        for bad in ["localhost:8443", "1.2.3.4", "1.2.3.4:65536", "[::]", "", ","] {
            assert!(Listen::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn several_addresses_have_one_port_and_none_is_bound_twice() {
        for (text, bound) in [
            ("192.168.1.5:8443, 127.0.0.1:8443", &["192.168.1.5:8443", "127.0.0.1:8443"][..]),
            ("127.0.0.1:1,127.0.0.1:1", &["127.0.0.1:1"]),
            ("[::]:1, 0.0.0.0:1, 127.0.0.1:1, [::1]:1", &["[::]:1", "0.0.0.0:1"]),
            ("0.0.0.0:1, 127.0.0.1:1, [::1]:1", &["0.0.0.0:1", "[::1]:1"]),
        ] {
            let bound: Vec<SocketAddr> = bound.iter().map(|address| address.parse().unwrap()).collect();
            assert_eq!(Listen::parse(text).unwrap().addresses, bound, "{text}");
        }
        for bad in ["127.0.0.1:1, [::1]:2", "127.0.0.1:1, 2", "127.0.0.1:1,", "127.0.0.1:1, here"] {
            assert!(Listen::parse(bad).is_err(), "{bad}");
        }
        assert!(Listen::parse_list([]).is_err());
    }

    #[test]
    fn a_public_url_is_an_https_origin() {
        assert_eq!(PublicUrl::parse("https://Call.Example.org/").unwrap().origin(), "https://call.example.org");
        assert_eq!(PublicUrl::parse("https://call.example.org:443").unwrap().origin(), "https://call.example.org");
        let with_port = PublicUrl::parse("https://[2001:db8::1]:8443").unwrap();
        assert_eq!((with_port.host(), with_port.port()), ("[2001:db8::1]", 8443));
        for bad in [
            "http://a.example",
            "https://",
            "a.example",
            "https://a.example/path",
            "https://a.example?x",
            "https://a.example#x",
            "https://u@a.example",
            "https://a.example:0",
            "https://a.example:65536",
            "https://1.2.3.999",
            "https://-a.example",
            "https://a..example",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn certificate_names_are_dns_names_or_addresses() {
        for good in ["callqr.lan", "192.168.1.5", "fd00::5", "XN--Bcher-KVA.example"] {
            assert!(HostName::parse(good).is_ok(), "{good}");
        }
        for bad in ["bücher.example", "[::1]", "a b", "*.example", ""] {
            assert!(HostName::parse(bad).is_err(), "{bad}");
        }
    }
}

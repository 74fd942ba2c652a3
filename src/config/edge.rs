//! What a setting of the HTTP edge may be: origins and networks.

use std::fmt;

use super::fault::Fault;
use crate::domain::network::Network;

/// The origin of a web application elsewhere that may use the API: `https://HOST[:PORT]`, exactly as browsers send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorsOrigin(String);

impl CorsOrigin {
    /// Reads an origin; `http` is accepted only for this machine, for development.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fault = |why: &str| {
            Fault::new(
                format!("{text:?} is not the origin of one web application: {why}"),
                "Write each origin in full, such as \"https://app.example.org\".",
            )
        };
        let text = text.trim();
        if text == "null" {
            return Err(fault("every sandboxed frame and local file sends \"null\""));
        }
        if text.contains('*') {
            return Err(fault("wildcards would allow pages that you did not name"));
        }
        let url: http::Uri = text.parse().map_err(|_| fault("it is not a valid URL"))?;
        let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
            return Err(fault("it needs https:// and a host"));
        };
        let is_local = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
        if scheme != "https" && !(scheme == "http" && is_local) {
            return Err(fault("it must begin with https://, or anyone on the network could impersonate it"));
        }
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let exact = format!("{scheme}://{authority}");
        if text != exact || authority.as_str().contains('@') || authority.as_str().ends_with(':') {
            return Err(fault("it must not have a path, not even a slash, or a user name"));
        }
        if exact.ends_with(default_port) || exact != exact.to_ascii_lowercase() {
            return Err(fault("browsers send it in lower case and without the default port"));
        }
        Ok(Self(exact))
    }

    /// As browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CorsOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The addresses of reverse proxies trusted to report their clients' addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedProxies(pub Network);

impl TrustedProxies {
    /// Reads `ADDRESS` or `ADDRESS/PREFIX`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let network: Network = text.parse().map_err(|error: crate::domain::Error| {
            let remedy = "Write the proxy's address, or its network, such as \"127.0.0.1\" or \"172.18.0.0/16\".";
            let remedy = if error.hint.is_empty() { remedy.to_owned() } else { error.hint };
            Fault::new(error.message.trim_end_matches('.'), remedy)
        })?;
        if network.to_string().ends_with("/0") {
            return Err(Fault::new(
                format!("{text:?} would let every client choose its own address"),
                "Name the proxy's own address or network.",
            ));
        }
        Ok(Self(network))
    }
}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn origins_are_exact_or_refused() {
        for good in [
            "https://app.example.org",
            "https://app.example.org:8443",
            "http://localhost:3000",
            "https://[2001:db8::1]",
        ] {
            assert_eq!(CorsOrigin::parse(good).unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("null", "sandboxed"),
            ("*", "wildcards"),
            ("https://*.example.org", "wildcards"),
            ("http://app.example.org", "https://"),
            ("app.example.org", "https://"),
            ("https://app.example.org/", "slash"),
            ("https://app.example.org/x", "path"),
            ("https://ada@app.example.org", "user name"),
            ("https://app.example.org:443", "default port"),
            ("https://App.example.org", "lower case"),
            ("", "valid URL"),
        ] {
            let fault = CorsOrigin::parse(bad).unwrap_err();
            assert!(fault.wrong.contains(why), "{bad}: {}", fault.wrong);
        }
    }

    #[test]
    fn proxies_are_named_and_never_everybody() {
        assert_eq!(TrustedProxies::parse(" 127.0.0.1 ").unwrap().to_string(), "127.0.0.1/32");
        assert_eq!(TrustedProxies::parse("fd00::/8").unwrap().to_string(), "fd00::/8");
        for bad in ["0.0.0.0/0", "::/0", "localhost", "10.0.0.5/8", ""] {
            assert!(TrustedProxies::parse(bad).is_err(), "{bad}");
        }
    }
}

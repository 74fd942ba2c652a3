//! Settings from environment variables: `calls.ring_time` is `CALLQR_CALLS_RING_TIME`.

use std::net::IpAddr;

use super::load::Override;

/// What all our variables begin with.
const PREFIX: &str = "CALLQR_";
/// Names the configuration file, so it is no setting itself.
const FILE: &str = "CALLQR_CONFIG";

/// The settings that `environment` makes. A variable of ours that names no setting becomes an override of a setting
/// that does not exist, which [`super::Config::parse`] refuses as it refuses a misspelt name in a file.
///
/// Container platforms describe other services in variables too, and for a service that is called `callqr` those begin
/// like ours. They are recognised by name and value together, so that `CALLQR_PORT=8443`, which somebody hopes to be a
/// setting, is not taken for one of them.
pub(super) fn overrides(environment: impl IntoIterator<Item = (String, String)>, keys: &[String]) -> Vec<Override> {
    environment
        .into_iter()
        .filter(|(name, value)| name.starts_with(PREFIX) && name != FILE && !is_service_link(name, value))
        .map(|(name, value)| {
            let key = keys.iter().find(|key| Override::variable(key) == name);
            Override::new(key.map_or(name.as_str(), String::as_str), value, name.as_str())
        })
        .collect()
}

/// Whether a container platform made this variable: Kubernetes' and Docker's `…_SERVICE_HOST`, `…_SERVICE_PORT_NAME`,
/// `…_PORT`, `…_PORT_443_TCP_ADDR` and so on, and the `…_NAME` and `…_ENV_…` of Docker's links.
fn is_service_link(name: &str, value: &str) -> bool {
    let rest = &name[PREFIX.len() - 1..];
    let is_address = value.parse::<IpAddr>().is_ok();
    let is_port = value.parse::<u16>().is_ok();
    let is_url = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    if rest.ends_with("_SERVICE_HOST") {
        return is_address || value == "None";
    }
    if rest.contains("_SERVICE_PORT") {
        return is_port;
    }
    if rest.ends_with("_NAME") && value.starts_with('/') || rest.contains("_ENV_") {
        return true;
    }
    let Some((_, port)) = rest.split_once("_PORT") else { return false };
    match port.split('_').collect::<Vec<_>>()[..] {
        [""] | ["", _, "TCP" | "UDP" | "SCTP"] => is_url,
        ["", _, "TCP" | "UDP" | "SCTP", "PROTO"] => matches!(value, "tcp" | "udp" | "sctp"),
        ["", _, "TCP" | "UDP" | "SCTP", "PORT"] => is_port,
        ["", _, "TCP" | "UDP" | "SCTP", "ADDR"] => is_address,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_container_platforms_put_there_is_theirs() {
        for (name, value) in [
            ("CALLQR_SERVICE_HOST", "10.0.0.1"),
            ("CALLQR_SERVICE_PORT", "443"),
            ("CALLQR_SERVICE_PORT_HTTPS", "443"),
            ("CALLQR_WEB_SERVICE_PORT_HTTPS", "443"),
            ("CALLQR_PORT", "tcp://10.0.0.1:443"),
            ("CALLQR_PORT_443_TCP", "tcp://10.0.0.1:443"),
            ("CALLQR_PORT_443_UDP_PROTO", "udp"),
            ("CALLQR_PORT_443_TCP_PORT", "443"),
            ("CALLQR_PORT_443_TCP_ADDR", "10.0.0.1"),
            ("CALLQR_NAME", "/proxy/callqr"),
            ("CALLQR_ENV_PATH", "/bin"),
        ] {
            assert_eq!(overrides([(name.to_owned(), value.to_owned())], &[]), [], "{name}={value}");
        }
    }

    #[test]
    fn what_somebody_hopes_to_be_a_setting_is_not_passed_over() {
        for (name, value) in [
            ("CALLQR_PORT", "8443"),
            ("CALLQR_SERVICE_HOST", "call.example.org"),
            ("CALLQR_RING_TIME", "5s"),
            ("CALLQR_", ""),
            ("CALLQR_PORT_443_TCP_ADDR", "here"),
        ] {
            assert_eq!(overrides([(name.to_owned(), value.to_owned())], &[]).len(), 1, "{name}={value}");
        }
    }
}

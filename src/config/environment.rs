//! Settings from environment variables: `calls.ring_time` is `CALLQR_CALLS_RING_TIME`.
//!
//! Only variables that name a setting exactly are read. Others with our prefix are ignored with a warning: a misspelt
//! setting, or what a container platform sets to describe a service called callqr
//! (`CALLQR_PORT=tcp://…`; Kubernetes leaves those out with `enableServiceLinks: false`).

use std::ffi::OsString;

use super::load::{Override, Problem};
use super::suggest;

/// The prefix of all our variables.
const PREFIX: &str = "CALLQR_";
/// Names the configuration file, so it is not a setting itself.
const FILE: &str = "CALLQR_CONFIG";

/// What the environment says about settings.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The settings that it makes.
    pub overrides: Vec<Override>,
    /// Settings whose values are not text.
    pub unreadable: Vec<Problem>,
    /// Variables that begin like ours and name no setting.
    pub ignored: Vec<Problem>,
}

impl Environment {
    /// What `variables` say about the settings called `keys`.
    pub(super) fn read(variables: impl IntoIterator<Item = (OsString, OsString)>, keys: &[String]) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            // A name that is not text is not one of ours.
            let Ok(name) = name.into_string() else { continue };
            if !name.starts_with(PREFIX) || name == FILE {
                continue;
            }
            match (keys.iter().find(|key| Override::variable(key) == name), value.into_string()) {
                (Some(key), Ok(value)) => environment.overrides.push(Override::new(key, value, name)),
                (Some(_), Err(_)) => environment.unreadable.push(unreadable(name)),
                (None, _) => environment.ignored.push(ignored(name, keys)),
            }
        }
        environment
    }
}

fn unreadable(name: String) -> Problem {
    Problem {
        source: name,
        line: None,
        key: String::new(),
        wrong: "its value is not UTF-8".into(),
        remedy: "Correct it, or put the setting in a configuration file.".into(),
    }
}

fn ignored(name: String, keys: &[String]) -> Problem {
    let known: Vec<_> = keys.iter().map(|key| Override::variable(key)).collect();
    let remedy = suggest::remedy(&name, &known);
    Problem {
        source: name,
        line: None,
        key: String::new(),
        wrong: "this is not a setting and is ignored".into(),
        remedy,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;
    use crate::config::Config;

    fn read(variables: &[(&str, &str)]) -> Environment {
        Environment::read(variables.iter().map(|(name, value)| (name.into(), value.into())), &Config::keys())
    }

    #[test]
    fn every_setting_has_a_variable_of_its_own() {
        let keys = Config::keys();
        let variables: BTreeSet<_> = keys.iter().map(|key| Override::variable(key)).collect();
        assert_eq!(variables.len(), keys.len());
        assert!(!variables.contains(FILE));
        let set: Vec<_> = variables.iter().map(|name| (name.as_str(), "x")).collect();
        let environment = read(&set);
        assert_eq!(environment.overrides.len(), keys.len());
        assert_eq!((environment.unreadable, environment.ignored), (vec![], vec![]));
    }

    #[test]
    fn what_names_no_setting_is_ignored_with_a_warning_whatever_its_value() {
        for name in ["CALLQR_PORT", "CALLQR_SERVICE_HOST", "CALLQR_PORT_443_TCP_ADDR", "CALLQR_VERBOSE", "CALLQR_"] {
            for value in ["", "8443", "tcp://10.0.0.1:443", "10.0.0.1", "here"] {
                let environment = read(&[(name, value)]);
                assert_eq!(environment.overrides, []);
                let [told] = &environment.ignored[..] else { panic!("{name}={value}: {environment:?}") };
                let told = told.to_string();
                assert!(told.starts_with(&format!("{name}: this is not a setting and is ignored. ")), "{told}");
                assert!(value.is_empty() || !told.contains(value), "values may be secret: {told}");
            }
        }
        for name in ["HOME", "callqr_listen", "XCALLQR_LISTEN", "CALLQR", FILE] {
            assert_eq!(read(&[(name, "x")]), Environment::default(), "{name}");
        }
    }

    #[test]
    fn a_misspelt_setting_is_told_with_what_may_have_been_meant() {
        for (misspelt, meant) in [
            ("CALLQR_LSITEN", "CALLQR_LISTEN"),
            ("CALLQR_CALLS_RING_TMIE", "CALLQR_CALLS_RING_TIME"),
            ("CALLQR_TLS_CERTIFICAT", "CALLQR_TLS_CERTIFICATE"),
            ("CALLQR_TLS__KEY", "CALLQR_TLS_KEY"),
        ] {
            let told = read(&[(misspelt, "x")]).ignored[0].to_string();
            assert!(told.ends_with(&format!("Did you mean {meant:?}?")), "{told}");
        }
    }

    #[test]
    fn a_value_that_is_not_text_is_a_problem_of_settings_alone() {
        let bytes = || OsString::from_vec(vec![0xff]);
        let of = |name: &str| Environment::read([(name.into(), bytes())], &Config::keys());
        assert_eq!(
            of("CALLQR_LISTEN").unreadable[0].to_string(),
            "CALLQR_LISTEN: its value is not UTF-8. Correct it, or put the setting in a configuration file."
        );
        assert_eq!(of("CALLQR_PORT").ignored.len(), 1);
        assert_eq!(Environment::read([(bytes(), "x".into())], &Config::keys()), Environment::default());
    }
}

#![allow(clippy::unwrap_used)]

use super::*;

const EXAMPLE: &str = include_str!("../../config.example.toml");

fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    Config::parse(Path::new("callqr.toml"), text, &[])
}

fn problems(text: &str) -> Vec<String> {
    parse(text).unwrap_err().iter().map(ToString::to_string).collect()
}

/// The example with its settings switched on: they stand there as `#key = value`, prose as `# text`.
fn example_in_force() -> String {
    EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => setting,
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_example_changes_nothing() {
    assert_eq!(parse(EXAMPLE).unwrap(), Config::default());
}

#[test]
fn the_example_names_every_setting_with_its_default() {
    let mut config = parse(&example_in_force()).unwrap();
    let optional = ["public_url", "tls.certificate", "tls.key", "tls.extra_sans", "metrics.listen", "keys.file"];
    assert!(config.public_url.is_some() && config.tls.certificate.is_some() && config.tls.key.is_some());
    config.public_url = None;
    assert!(config.keys.file.take().is_some());
    config.tls = Tls::default();
    assert!(config.metrics.listen.take().is_some());
    assert_eq!(config.limits.connections_per_source.take(), Some(625), "a sixteenth of the default");
    assert_eq!(config, Config::default());

    let table: toml::Table = example_in_force().parse().unwrap();
    for key in Config::keys() {
        let found =
            key.split('.').try_fold(&toml::Value::Table(table.clone()), |value, part| value.get(part)).is_some();
        assert!(found, "config.example.toml does not name {key}");
    }
    assert!(optional.iter().all(|key| Config::keys().contains(&(*key).to_owned())));
}

#[test]
fn what_is_printed_reads_as_itself() {
    let config = parse(&example_in_force()).unwrap();
    assert_eq!(parse(&config.to_toml()).unwrap(), config);
    assert_eq!(parse(&Config::default().to_toml()).unwrap(), Config::default());
}

#[test]
fn every_problem_is_told_at_once_with_place_and_remedy() {
    let text = "listn = \"[::]:1\"\n\n[calls]\nring_time = 45\nmax_duration = \"2s\"\n[log]\nlevel = \"loud\"\n[tls]\nkey = \"k\"\n";
    assert_eq!(
        problems(text),
        [
            "callqr.toml:1: listn: there is no such setting. Did you mean \"listen\"?",
            "callqr.toml:4: calls.ring_time: this setting cannot be of the type integer. Write it in quotes.",
            "callqr.toml:5: calls.max_duration: 2s is out of range. Choose a time from 1m to 1d.",
            "callqr.toml:7: log.level: \"loud\" is not one of its values. Write one of \"error\", \"warn\", \"info\", \
             \"debug\", \"trace\".",
            "callqr.toml:9: tls.key: tls.certificate is missing. Set tls.certificate too, or neither to use the built-in \
             authority.",
        ]
    );
}

#[test]
fn broken_syntax_is_told_with_its_lines_and_the_rest_is_still_checked() {
    let told = problems("listen = \n[calls]\nring_time = \"nonsense\"\n");
    assert!(told.iter().any(|line| line.starts_with("callqr.toml:1: this is not TOML")), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("callqr.toml:3: calls.ring_time: \"nonsense\"")), "{told:?}");
}

#[test]
fn a_section_is_not_a_setting_and_the_other_way_round() {
    assert_eq!(
        problems("calls = 5"),
        ["callqr.toml:1: calls: this is a section, not a setting. Write [calls] and its settings below it."]
    );
    assert!(
        problems("[listen]\nport = 1")[0]
            .starts_with("callqr.toml:1: listen: this setting cannot be of the type table")
    );
    assert!(problems("[calls.deep]\nx = 1")[0].starts_with("callqr.toml:1: calls.deep: there is no such setting"));
}

#[test]
fn overrides_win_over_the_file_and_are_named_in_messages() {
    let overrides = Config::overrides_from([
        ("CALLQR_CALLS_RING_TIME".to_owned(), "20s".to_owned()),
        ("CALLQR_LIMITS_CONNECTIONS".to_owned(), "99".to_owned()),
        ("CALLQR_TLS_EXTRA_SANS".to_owned(), "a.lan, b.lan".to_owned()),
        ("CALLQR_PORT".to_owned(), "tcp://10.0.0.1:443".to_owned()),
        ("CALLQR_CONFIG".to_owned(), "f".to_owned()),
        ("HOME".to_owned(), "/root".to_owned()),
    ]);
    let config = Config::parse(Path::new("f"), "[calls]\nring_time = \"10s\"", &overrides).unwrap();
    assert_eq!(config.calls.ring_time, Period::seconds(20));
    assert_eq!(config.limits.connections, 99);
    assert_eq!(config.tls.extra_sans.len(), 2);

    let bad =
        [Override::new("listen", "here", "--listen"), Override::new("calls.ring_time", "1s", "CALLQR_CALLS_RING_TIME")];
    let told: Vec<_> = Config::parse(Path::new("f"), "", &bad).unwrap_err().iter().map(ToString::to_string).collect();
    assert!(told[0].starts_with("--listen: listen: \"here\" is not an address"), "{told:?}");
    assert!(told[1].starts_with("CALLQR_CALLS_RING_TIME: calls.ring_time: 1s is out of range"), "{told:?}");
}

#[test]
fn a_misspelt_variable_is_refused_like_a_misspelt_name_in_a_file() {
    let environment = [("CALLQR_CALLS_RING_TMIE", "20s"), ("CALLQR_VERBOSE", "1")];
    let overrides = Config::overrides_from(environment.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let told = Config::parse(Path::new("f"), "", &overrides).unwrap_err();
    let told: Vec<_> = told.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "CALLQR_CALLS_RING_TMIE: there is no such setting. Did you mean \"CALLQR_CALLS_RING_TIME\"?",
            "CALLQR_VERBOSE: there is no such setting. Remove it, or look its name up in config.example.toml.",
        ]
    );
}

#[test]
fn a_missing_file_is_one_problem_with_a_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let told = Config::load(Some(&directory.path().join("none.toml")), &[]).unwrap_err();
    assert_eq!(told.len(), 1);
    assert!(told[0].wrong.starts_with("the file cannot be read"));
    assert_eq!(Config::load(None, &[]).unwrap(), Config::default());
}

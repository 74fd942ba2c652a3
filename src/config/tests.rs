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
            "callqr.toml:4: calls.ring_time: expected a length of time, found a number. Write it in quotes: ring_time = \"45s\"",
            "callqr.toml:5: calls.max_duration: 2s is out of range. Choose a time from 1m to 1d.",
            "callqr.toml:7: log.level: \"loud\" is not a valid value. Write one of \"error\", \"warn\", \"info\", \
             \"debug\", \"trace\".",
            "callqr.toml:9: tls.key: tls.certificate is missing. Set tls.certificate too, or remove both to use the built-in \
             authority.",
        ]
    );
}

#[test]
fn the_metrics_have_a_port_of_their_own() {
    for (listen, metrics, takes) in [
        ("[::]:8443", "[::1]:8443", Some("[::]:8443")),
        ("127.0.0.1:8443", "127.0.0.1:8443", Some("127.0.0.1:8443")),
        ("0.0.0.0:8443", "127.0.0.2:8443", Some("0.0.0.0:8443")),
        ("0.0.0.0:8443", "[::1]:8443", None),
        ("127.0.0.1:8443", "127.0.0.1:9464", None),
        ("127.0.0.1:0", "127.0.0.1:0", None),
    ] {
        let text = format!("listen = \"{listen}\"\n[metrics]\nlisten = \"{metrics}\"\n");
        let told: Vec<_> = parse(&text).err().iter().flatten().map(ToString::to_string).collect();
        let wanted = takes.map(|own| {
            format!(
                "callqr.toml:3: metrics.listen: {metrics} is what listen takes with {own}. Choose a port of its own for the \
                 metrics."
            )
        });
        assert_eq!(told, Vec::from_iter(wanted), "{listen}, {metrics}");
    }
}

#[test]
fn broken_syntax_is_told_with_its_lines_and_the_rest_is_still_checked() {
    let told = problems("listen = \n[calls]\nring_time = \"nonsense\"\n");
    assert!(told.iter().any(|line| line.starts_with("callqr.toml:1: invalid TOML")), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("callqr.toml:3: calls.ring_time: \"nonsense\"")), "{told:?}");
}

#[test]
fn a_section_is_not_a_setting_and_the_other_way_round() {
    assert_eq!(
        problems("calls = 5"),
        ["callqr.toml:1: calls: this is a section, not a setting. Write [calls] and its settings below it."]
    );
    assert_eq!(
        problems("[listen]\nport = 1"),
        ["callqr.toml:1: listen: expected an address with a port, or a list of them, found a section. \
          Write one line instead: listen = \"[::]:8443\""]
    );
    assert!(problems("[calls.deep]\nx = 1")[0].starts_with("callqr.toml:1: calls.deep: there is no such setting"));
}

#[test]
fn overrides_win_over_the_file_and_are_named_in_messages() {
    let variables = [
        ("CALLQR_CALLS_RING_TIME", "20s"),
        ("CALLQR_LIMITS_CONNECTIONS", "99"),
        ("CALLQR_TLS_EXTRA_SANS", "a.lan, b.lan"),
        ("CALLQR_LISTEN", "127.0.0.1:1, [::1]:1"),
        ("CALLQR_PORT", "tcp://10.0.0.1:443"),
        ("CALLQR_CONFIG", "f"),
        ("HOME", "/root"),
    ];
    let environment = Config::environment(variables.map(|(name, value)| (name.into(), value.into())));
    let text = "[calls]\nring_time = \"10s\"";
    let config = Config::parse(Path::new("f"), text, &environment.overrides).unwrap();
    assert_eq!(config.listen.addresses.len(), 2);
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
fn listen_takes_one_address_or_a_list_of_them() {
    let config = parse("listen = [\"192.168.1.5:8443\", \"127.0.0.1:8443\"]").unwrap();
    assert_eq!(config.listen.addresses, ["192.168.1.5:8443".parse().unwrap(), "127.0.0.1:8443".parse().unwrap()]);
    assert_eq!(parse(&config.to_toml()).unwrap(), config);
    let single = parse("listen = [\"[::]:8443\"]").unwrap();
    assert_eq!(single, Config::default());
    assert!(single.to_toml().contains("listen = \"[::]:8443\""), "{}", single.to_toml());
    assert_eq!(
        problems("listen = []"),
        ["callqr.toml:1: listen: the list is empty. Write at least one address, or remove the setting."]
    );
    assert_eq!(
        problems("listen = [8443]"),
        ["callqr.toml:1: listen: expected an address with a port, or a list of them, found a list of something else. \
          Write it like this: listen = [\"[::]:8443\"]"]
    );
}

/// One value of each type that TOML has, arrays and tables in both of their forms. `{}` is the setting's name.
const OF_EACH_TYPE: [(&str, &str); 9] = [
    ("text", "{} = \"words\""),
    ("integer", "{} = 5"),
    ("float", "{} = 1.5"),
    ("boolean", "{} = true"),
    ("datetime", "{} = 1979-05-27T07:32:00Z"),
    ("array", "{} = [1]"),
    ("array of tables", "[[{}]]\nx = 1"),
    ("table", "[{}]\nx = 1"),
    ("inline table", "{} = { x = 1 }"),
];

#[test]
fn each_setting_says_for_each_wrong_type_what_it_takes_and_how_to_write_it() {
    let numbers = |key: &str| {
        let defaults: toml::Table = Config::default().to_toml().parse().unwrap();
        let value = key.split('.').try_fold(&toml::Value::Table(defaults), |value, part| value.get(part)).cloned();
        key == "limits.connections_per_source" || value.is_some_and(|value| value.is_integer())
    };
    let lists = ["http.cors_origins", "http.trusted_proxies", "tls.extra_sans"];
    for key in Config::keys() {
        let right = if numbers(&key) { "integer" } else { "text" };
        for (name, line) in OF_EACH_TYPE {
            let text = line.replace("{}", &key);
            if name == right && !lists.contains(&key.as_str()) {
                // It may be out of range, or no value of this setting, but not of the wrong type.
                let told = parse(&text).err().unwrap_or_default();
                assert!(!told.iter().any(|problem| problem.wrong.contains("expected")), "{text}: {told:?}");
                continue;
            }
            let told = parse(&text).expect_err(&text);
            let [problem] = &told[..] else { panic!("{text}: {told:?}") };
            assert_eq!((problem.key.as_str(), problem.line), (key.as_str(), Some(1)), "{text}");
            let (expected, found) = problem.wrong.split_once(", found ").expect(&text);
            assert!(
                expected.starts_with("expected a") || expected.starts_with("expected one of "),
                "{text}: {problem}"
            );
            assert!(!found.is_empty());
            // The example is a line that can be written there.
            let (how, example) = problem.remedy.split_once(": ").expect(&text);
            let section = key.rsplit_once('.').map_or(String::new(), |(section, _)| format!("[{section}]\n"));
            let example = parse(&format!("{section}{example}"));
            // One of tls.certificate and tls.key alone is not enough.
            assert!(example.is_ok() || key.starts_with("tls."), "{text}: {problem}: {example:?}");
            if name.contains("array") || name.contains("table") {
                assert!(!how.contains("quotes"), "{text}: {problem}");
            }
        }
    }
}

#[test]
fn a_missing_file_is_one_problem_with_a_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let told = Config::load(Some(&directory.path().join("none.toml")), &[]).unwrap_err();
    assert_eq!(told.len(), 1);
    assert!(told[0].wrong.starts_with("the file cannot be read"));
    assert_eq!(Config::load(None, &[]).unwrap(), Config::default());
}

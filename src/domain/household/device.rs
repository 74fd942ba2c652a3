//! What a device is called in the list of sessions: a few coarse words from what its browser says of itself.
//!
//! The words tell a person their own devices apart, and are too few to tell a person from others: versions, models and
//! everything unknown is left out.

/// Browsers by what only they say, in the order to look: most call themselves by others' names too.
const BROWSERS: [(&str, &str); 10] = [
    ("callqr", "callqr"),
    ("curl/", "curl"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems in the same way.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
];

/// "Firefox on Android", from a User-Agent header.
pub fn device_name(user_agent: &str) -> String {
    let find = |words: &[(&str, &'static str)]| {
        words.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, word)| *word)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(word), None) | (None, Some(word)) => word.into(),
        (None, None) => "Unknown device".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_browsers_are_told_apart() {
        for (agent, name) in [
            ("Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0", "Firefox on Android"),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
                "Safari on Mac",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
                "Edge on Windows",
            ),
            ("curl/8.14.1", "curl"),
            ("", "Unknown device"),
            ("Mozilla/5.0 (Nobody's; own; made-up) secret/1", "Unknown device"),
        ] {
            assert_eq!(device_name(agent), name);
        }
    }
}

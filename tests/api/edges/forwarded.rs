//! Behind a reverse proxy, and in front of somebody who pretends to be one.

use crate::support::protocol::PRESENCE;
use crate::support::{Client, PASSWORD, TestApp};

const ONE_EACH: (&str, &str) = ("limits.validate", "1 per 1h");

/// Whether a question by `client`, as a proxy would pass it on, is counted apart from those before.
async fn is_new(server: &TestApp, header: (&str, &str)) -> bool {
    let reply = server.client.with_header(header.0, header.1).validate("x").await;
    assert!([400, 429].contains(&reply.status), "{}", reply.text);
    reply.status == 400
}

#[tokio::test]
async fn who_is_no_proxy_of_ours_is_counted_for_its_own_address() {
    for settings in [vec![ONE_EACH], vec![ONE_EACH, ("http.trusted_proxies", "10.0.0.0/8, 127.0.0.2")]] {
        let server = TestApp::start_with(&settings).await;
        assert!(is_new(&server, ("x-forwarded-for", "198.51.100.1")).await);
        for spoofed in ["198.51.100.2", "127.0.0.2", "198.51.100.3, 127.0.0.2"] {
            assert!(!is_new(&server, ("x-forwarded-for", spoofed)).await, "{spoofed}");
            assert!(!is_new(&server, ("forwarded", &format!("for={spoofed}"))).await, "{spoofed}");
        }
    }
}

#[tokio::test]
async fn a_proxy_of_ours_says_whom_it_speaks_for() {
    let server = TestApp::start_with(&[ONE_EACH, ("http.trusted_proxies", "127.0.0.1")]).await;
    assert!(is_new(&server, ("x-forwarded-for", "198.51.100.1")).await);
    assert!(is_new(&server, ("x-forwarded-for", "198.51.100.2")).await);
    assert!(
        !is_new(&server, ("x-forwarded-for", "203.0.113.5, 198.51.100.1")).await,
        "the client cannot invent itself"
    );
    assert!(!is_new(&server, ("forwarded", "for=203.0.113.5, for=198.51.100.2;proto=https")).await);
    assert!(is_new(&server, ("forwarded", "for=\"[2001:db8::1]:4711\"")).await);
    assert!(!is_new(&server, ("x-forwarded-for", "2001:db8::2")).await, "the same /64");
    assert!(is_new(&server, ("x-forwarded-for", "nonsense")).await, "counted for the proxy itself");
    assert!(!is_new(&server, ("x-forwarded-for", "more nonsense")).await);
}

/// What a client or proxy says of host and protocol decides nothing: neither whose cookie works nor what links say.
#[tokio::test]
async fn forwarded_hosts_are_not_believed() {
    let server = TestApp::start_with(&[("http.trusted_proxies", "127.0.0.1")]).await;
    let owner = server.owner().await;
    let forged = |client: &Client| {
        client
            .with_header("x-forwarded-host", "evil.example")
            .with_header("x-forwarded-proto", "http")
            .with_header("forwarded", "for=198.51.100.1;host=evil.example;proto=http")
    };
    let url = forged(&owner).make_tag().await.ok().url;
    assert!(url.starts_with(&format!("{}/c#", server.client.origin())), "{url}");
    let foreign = forged(&server.client).with_header("origin", "https://evil.example");
    assert_eq!(foreign.log_in_by_cookie("ada", PASSWORD).await.refused(), (403, "foreign-origin"));
    forged(&server.client).as_page().log_in_by_cookie("ada", PASSWORD).await.ok();
}

#[tokio::test]
async fn a_proxy_is_not_kept_out_for_bringing_many_and_each_of_them_is_bounded() {
    let settings = [("limits.connections_per_source", "8")];
    let direct = TestApp::start_with(&settings).await;
    let mut held = Vec::new();
    while let Ok(connection) = direct.client.connect(&["http/1.1"]).await {
        held.push(connection);
        assert!(held.len() <= 8, "one source has eight connections and no more");
    }
    // The appliance examines itself over connections from the same address.
    assert!(held.len() >= 4, "{}", held.len());

    let behind = TestApp::start_with(&[&settings[..], &[("http.trusted_proxies", "127.0.0.1")]].concat()).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(behind.client.connect(&["http/1.1"]).await.unwrap());
    }
    let socket = behind.client.upgrading().as_page();
    let mut sockets = Vec::new();
    for expected in [[101; 8].as_slice(), &[503]].concat() {
        let client = socket.with_header("x-forwarded-for", "198.51.100.1");
        let (status, connection) = client.hold(PRESENCE).await;
        assert_eq!(status, expected);
        sockets.push(connection);
    }
    assert_eq!(socket.with_header("x-forwarded-for", "198.51.100.2").hold(PRESENCE).await.0, 101);
}

//! Stickers: made, listed, paused, revoked, asked about.

use serde_json::json;

use crate::people::belongings::vectors;
use crate::support::{Client, KeyedTag, TagWish, TestApp};

#[tokio::test]
async fn a_sticker_carries_the_code_in_the_fragment_and_both_pictures() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    assert_eq!(tag.url, format!("https://localhost:{}/c#{}", server.port, tag.code));
    assert!(tag.url_warning.as_ref().unwrap().contains("this computer only"));
    tag.qr.check();

    let reply = owner.tags().await;
    let listed = reply.ok();
    let first = &listed.tags[0];
    assert_eq!((&first.id, &*first.label, &*first.state), (&tag.id, "the van", "active"));
    assert!(!reply.text.contains(&tag.code), "the code is shown once");
    assert_eq!(listed.url_warning, tag.url_warning, "an owner is warned before a sticker is made");
    assert_eq!(listed.default_lifetime, "year");
}

#[tokio::test]
async fn public_url_is_what_stickers_carry() {
    let server = TestApp::start_with(&[("public_url", "https://call.example.org")]).await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    assert!(tag.url.starts_with("https://call.example.org/c#pqc:1:"));
    assert_eq!(owner.tags().await.ok().url_base, "https://call.example.org/c", "printed again");
    assert_eq!(tag.url_warning, None);
}

#[tokio::test]
async fn lifetimes_are_the_four_and_the_default_is_the_configured_one() {
    let server = TestApp::start_with(&[("tags.default_lifetime", "until-revoked")]).await;
    let owner = server.owner().await;
    assert_eq!(owner.make_tag().await.ok().expires_at, None);
    assert_eq!(owner.tags().await.ok().default_lifetime, "until-revoked");
    let make = async |lifetime| owner.make_tag_with(&TagWish { lifetime: Some(lifetime), ..TagWish::default() }).await;
    for lifetime in ["day", "week", "year"] {
        assert!(make(lifetime).await.ok().expires_at.is_some(), "{lifetime}");
    }
    for (lifetime, seconds) in [("168h", 604_800), ("30d", 2_592_000), ("36h", 129_600), ("1d 12h", 129_600), ("5s", 5)]
    {
        let tag = make(lifetime).await.ok();
        let read =
            |said: &str| time::OffsetDateTime::parse(said, &time::format_description::well_known::Rfc3339).unwrap();
        let left = read(&tag.expires_at.clone().unwrap()) - time::OffsetDateTime::now_utc();
        assert!((left.whole_seconds() - seconds).abs() < 60, "{lifetime}: {left}");
    }
    for bad in ["century", "0d", "30", "-1d", "1.5d", "400000d", ""] {
        let refused = make(bad).await;
        assert_eq!(refused.refused(), (400, "bad-json"), "{bad}");
        assert!(refused.text.contains("`lifetime` must be") && refused.text.contains("`30d`"), "{}", refused.text);
    }
}

#[tokio::test]
async fn any_default_lifetime_is_told_as_it_is_wished_for() {
    for (setting, told) in [("168h", "week"), ("30d", "30d"), ("1h 30m", "90m")] {
        let server = TestApp::start_with(&[("tags.default_lifetime", setting)]).await;
        let owner = server.owner().await;
        assert!(owner.make_tag().await.ok().expires_at.is_some());
        assert_eq!(owner.tags().await.ok().default_lifetime, told);
    }
}

#[tokio::test]
async fn a_tag_is_changed_without_a_new_sticker() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag =
        owner.make_tag_with(&TagWish { label: Some("van"), lifetime: Some("36h"), ..TagWish::default() }).await.ok();
    let change = async |changes| owner.change_tag(&tag.id, &changes).await;
    let changed = change(json!({ "label": "blue van", "publicText": " Ring\nme " })).await.ok();
    assert_eq!((&*changed.label, &*changed.public_text), ("blue van", "Ring me"));
    assert_eq!((&changed.expires_at, changed.expiry_notice), (&tag.expires_at, None), "what is left out stays");
    assert_eq!(server.client.validate(&tag.code).await.ok().public_text, "Ring me");
    // A month ago, so that there was time to be reminded.
    let made = "UPDATE tags SET created_at = created_at - 2678400000";
    server.database().execute(made, []).unwrap();
    for (lifetime, notice) in [("year", None), ("12h", Some(1)), ("30d", Some(30)), ("until-revoked", None)] {
        let changed = change(json!({ "lifetime": lifetime })).await.ok();
        assert_eq!((changed.expiry_notice, &*changed.label), (notice, "blue van"), "{lifetime}");
        assert_eq!(changed.expires_at.is_none(), lifetime == "until-revoked");
    }
    assert_eq!(change(json!({ "label": null, "publicText": "" })).await.ok().public_text, "");
    assert_eq!(change(json!({ "label": "x".repeat(121) })).await.refused(), (400, "text-too-long"));
    assert_eq!(change(json!({ "sealedText": "AQ" })).await.refused(), (400, "bad-sealed-text"));
    let other = owner.bring_in("owner", "grace").await;
    assert_eq!(other.change_tag(&tag.id, &json!({ "label": "mine" })).await.refused(), (404, "no-such-tag"));
    assert_eq!(owner.tags().await.ok().tags[0].label, "blue van");
}

#[tokio::test]
async fn a_printed_sticker_can_be_extended_for_a_month_after_its_end() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let (kept, gone) = (owner.make_tag().await.ok(), owner.make_tag().await.ok());
    let day = 24 * 60 * 60 * 1000_i64;
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let end = |id: &str, at: i64| {
        let id: callqr::domain::ids::TagId = id.parse().unwrap();
        let values = rusqlite::params![id.as_bytes(), at];
        server.database().execute("UPDATE tags SET expires_at = ?2 WHERE id = ?1", values).unwrap();
    };
    end(&kept.id, now - 29 * day);
    end(&gone.id, now - 31 * day);
    // The cleaner begins with what is over.
    let server = TestApp::start_in(server.stop().await, &[]).await;
    let owner = server.client.with_headers_of(&owner);
    let only_one = async {
        loop {
            let tags = owner.tags().await.ok().tags;
            if let [tag] = &tags[..] {
                return (tag.id.clone(), tag.state.clone(), tag.expiry_notice);
            }
        }
    };
    let only_one = tokio::time::timeout(std::time::Duration::from_secs(20), only_one).await.unwrap();
    assert_eq!(only_one, (kept.id.clone(), "expired".into(), Some(0)));
    assert_eq!(server.client.initiate(&kept.code).await.refused(), (404, "unknown-code"));
    let extended = owner.change_tag(&kept.id, &json!({ "lifetime": "year" })).await.ok();
    assert_eq!((&*extended.state, extended.expiry_notice), ("active", None));
    assert_eq!(server.client.initiate(&kept.code).await.status, 201, "the printed sticker works again");
    assert_eq!(owner.change_tag(&gone.id, &json!({ "lifetime": "year" })).await.refused(), (404, "no-such-tag"));
}

#[tokio::test]
async fn nobody_makes_tags_for_somebody_else() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    assert_eq!(server.client.make_tag().await.status, 401);
    let other = owner.bring_in("owner", "grace").await;
    let named = other.account_id().await;
    let made = owner.make_tag_with(&TagWish { user_id: Some(&named), ..TagWish::default() }).await.ok();
    let listed = async |client: &Client| client.tags().await.ok().tags.iter().map(|tag| tag.id.clone()).collect();
    let (own, others): (Vec<_>, Vec<_>) = (listed(&owner).await, listed(&other).await);
    assert_eq!((own, others), (vec![made.id.clone()], vec![]), "it belongs to whom the session belongs to");
}

#[tokio::test]
async fn a_tag_is_paused_resumed_and_revoked() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    let ask = async || server.client.validate(&tag.code).await.body;
    let valid =
        |yes: bool, text: &str| json!({ "valid": yes || !text.is_empty(), "canInitiateCall": yes, "publicText": text });

    assert_eq!(ask().await, valid(true, "Blue van, ring me"));
    assert_eq!(owner.pause_tag(&tag.id).await.ok().state, "paused");
    assert_eq!(ask().await, valid(false, "Blue van, ring me"));
    assert_eq!(server.client.initiate(&tag.code).await.refused(), (409, "paused"));

    assert_eq!(owner.resume_tag(&tag.id).await.ok().state, "active");
    owner.revoke_tag(&tag.id).await.ok();
    assert_eq!(ask().await, valid(false, ""));
    assert_eq!(owner.revoke_tag(&tag.id).await.status, 404);
    for bad in ["x", "tag_", "tag_%2e%2e"] {
        assert_eq!(owner.pause_tag(bad).await.status, 404, "{bad}");
    }
}

#[tokio::test]
async fn unknown_and_revoked_codes_get_the_same_answer() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    owner.revoke_tag(&tag.id).await.ok();
    let unknown = callqr::domain::household::tag::Token::random().code();
    let mut answers = Vec::new();
    for code in [&tag.code, &unknown] {
        let validated = server.client.validate(code).await;
        let initiated = server.client.initiate(code).await;
        assert_eq!(initiated.refused(), (404, "unknown-code"));
        answers.push((validated.text, initiated.text));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn damaged_codes_are_told_apart_from_nonsense() {
    let server = TestApp::start().await;
    let code = callqr::domain::household::tag::Token::random().code();
    let damaged = format!("{}A", &code[..code.len() - 1]);
    let other = format!("{}B", &code[..code.len() - 1]);
    let damaged = if damaged == code { other } else { damaged };
    for (token, error) in [(damaged.as_str(), "bad-checksum"), ("hello", "bad-code"), ("", "bad-code")] {
        assert_eq!(server.client.validate(token).await.refused(), (400, error), "{token}");
    }
}

#[tokio::test]
async fn questions_are_counted_per_source() {
    let server = TestApp::start_with(&[("limits.validate", "1 per 1h"), ("limits.initiate", "1 per 1h")]).await;
    let code = callqr::domain::household::tag::Token::random().code();
    assert_ne!(server.client.validate(&code).await.status, 429);
    assert_ne!(server.client.initiate(&code).await.status, 429);
    let refused = [server.client.validate(&code).await.erased(), server.client.initiate(&code).await.erased()];
    for refused in refused {
        assert_eq!(refused.status, 429);
        assert!(!refused.header("retry-after").is_empty());
    }
}

#[tokio::test]
async fn a_sticker_that_was_made_in_the_browser() {
    let server = TestApp::start().await;
    let (owner, caller) = (server.owner().await, &server.client);
    let vectors = vectors();
    let text = |part: &str, field: &str| vectors[part][field].as_str().unwrap();
    let (access, identity) = (text("sticker", "access"), text("identity", "identity"));
    let clear = KeyedTag { access, identity, public_text: Some("Blue van, ring me"), ..KeyedTag::default() };
    assert_eq!(owner.register_tag(&clear).await.refused(), (400, "text-in-clear"), "no caller would read it");
    let tag = KeyedTag { public_text: Some(""), ..clear };
    let reply = owner.register_tag(&tag).await;
    let made = reply.ok();
    assert_eq!(made.tag.key_hash.as_deref(), Some(text("identity", "keyHash")));
    assert_eq!(made.tag.label, "");
    assert!(made.url_base.ends_with("/c"));
    assert!(reply.body.get("qrCodeData").is_none());
    assert_eq!(owner.register_tag(&tag).await.code(), "token-taken");

    for scanned in ["code", "access"] {
        let known = caller.validate(text("sticker", scanned)).await.ok();
        assert!(known.valid, "{scanned}");
        assert_eq!(known.identity.as_deref(), Some(identity), "{scanned}");
        assert_eq!(known.public_text, "");
        caller.initiate(text("sticker", scanned)).await.ok();
    }
    for in_clear in [json!({ "publicText": "Ring me" }), json!({ "label": "van" })] {
        let refused = owner.change_tag(&made.tag.id, &in_clear).await;
        assert_eq!(refused.refused(), (400, "text-in-clear"));
    }
    for text in [json!({ "sealedText": text("sticker", "sealedText") }), json!({ "sealedText": null })] {
        owner.change_tag(&made.tag.id, &text).await.ok();
        let told = caller.validate(access).await.ok().sealed_text;
        assert_eq!(told.as_deref(), text["sealedText"].as_str());
    }
    owner.change_tag(&made.tag.id, &json!({ "lifetime": "30d" })).await.ok();
    // What the server never sees finds nothing, nor does what its database keeps.
    for scanned in ["token", "lookup"] {
        let known = caller.validate(text("sticker", scanned)).await.ok();
        assert!(!known.valid, "{scanned}");
        assert_eq!(known.identity, None);
    }

    let good = KeyedTag { access: text("sticker", "token"), identity, ..KeyedTag::default() };
    for wrong in [
        KeyedTag { access: "short", ..good.clone() },
        KeyedTag { access: text("sticker", "code"), ..good.clone() },
        KeyedTag { identity: "AQ", ..good.clone() },
        KeyedTag { lifetime: Some("century"), ..good },
    ] {
        assert_eq!(owner.register_tag(&wrong).await.status, 400, "{wrong:?}");
    }
    assert_eq!(owner.make_tag().await.ok().key_hash, None);
}

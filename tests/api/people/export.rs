//! The file with everything that is the owner's.

use serde_json::{Value, json};

use crate::people::belongings::furnish;
use crate::support::{Changes, PASSWORD, TestApp, To};

/// Every text of a JSON value, names of fields left out.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => vec![],
    }
}

#[tokio::test]
async fn an_export_has_everything_that_is_the_owners() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let mate = bob.bring_in("household", "mate").await;
    let mine = furnish(&server, &bob, "bob").await;
    mate.change_account(&Changes { emergency_contact: Some("of the mate"), ..Changes::default() }).await.ok();

    let export = bob.export().await;
    assert_eq!(export.status, 200, "{}", export.text);
    assert_eq!(export.header("content-disposition"), "attachment; filename=\"callqr-export.json\"");
    assert_eq!(export.header("cache-control"), "no-store");
    let file = &export.body;
    let found = texts(file);
    for canary in ["bob", "mate", "bob's friend", "bob's car", "bob's label", "bob's text", "bob's passkey"] {
        assert!(found.contains(&canary), "{canary} is missing: {}", export.text);
    }
    for name in mine.names() {
        assert!(found.contains(&name), "{name} is missing: {}", export.text);
    }
    let account = &file["account"];
    assert_eq!(account["household"]["members"].as_array().unwrap().len(), 2);
    assert_eq!((&account["secondFactor"]["totp"], &account["keepMissedCalls"]), (&json!(true), &json!(true)));
    assert_eq!(account["secondFactor"]["backupCodesLeft"], 10);
    let passkey = &account["secondFactor"]["passkeys"][0];
    assert!(passkey["createdAt"].is_string() && passkey["lastUsedAt"].is_null());

    let sessions = file["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let phone = sessions.iter().find(|session| session["current"] == false).unwrap();
    assert_eq!(phone["device"], "Firefox on Android");
    assert!(phone["createdAt"].is_string() && phone["lastUsedAt"].is_string());
    let call = &file["missedCalls"][0];
    assert_eq!(
        (&call["tagId"], &call["label"], &call["rang"]),
        (&json!(mine.tag.id), &json!("bob's label"), &json!(false))
    );
    let note = &file["notes"][0];
    assert_eq!((&note["id"], &note["read"]), (&json!(mine.note), &json!(false)));
    assert!(note["envelope"].is_string() && note["minute"].is_u64(), "what it takes to open it: {note}");
    let events: Vec<_> = file["events"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
    for event in ["account-created", "login-succeeded", "factor-added", "tag-created", "invite-created", "exported"] {
        assert!(events.contains(&event), "{event}: {events:?}");
    }
    let vault = &file["vault"];
    assert_eq!((vault["blob"].as_str(), &vault["wraps"][0]["way"]), (Some(&*mine.vault), &json!("password")));
    assert!(vault["note"].as_str().unwrap().contains("Encrypted"));

    assert!(mine.secrets.len() >= 14);
    for secret in &mine.secrets {
        let secret = secret.rsplit('#').next().unwrap();
        assert!(!export.text.contains(secret), "a secret is told again");
    }
    for canary in ["of the mate", "argon2"] {
        assert!(!found.iter().any(|text| text.contains(canary)), "{canary}");
    }
    assert!(!found.contains(&"ada"), "the operator is no member of the household");
    let seen = mate.export().await;
    for own in ["bob's friend", "bob's car", "bob's passkey", &mine.missed, &mine.passkey] {
        assert!(!seen.text.contains(own), "{own} belongs to one member of the household alone");
    }
}

#[tokio::test]
async fn an_export_has_nothing_of_other_households() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let carol = ada.bring_in("owner", "carol").await;
    let others = furnish(&server, &carol, "carol").await;
    let bob = ada.bring_in("owner", "bob").await;
    let id = bob.account_id().await;
    // Bob is an administrator at times, which gives him a say in invites of others, and leaves both in his events.
    ada.change_user(&id, To::MakeAdministrator).await.ok();
    let offered = ada.new_invite("owner").await.ok().id;
    let bob = server.client.enter("bob", PASSWORD).await;
    let own = bob.new_invite("owner").await.ok().id;
    assert!(bob.invites().await.text.contains(&offered));

    let export = bob.export().await;
    assert_eq!(export.status, 200, "{}", export.text);
    let admin = ada.account_id().await;
    let names = others.names();
    for name in names.iter().chain(&["carol's", &admin, &offered]) {
        assert!(!export.text.contains(name), "{name}: {}", export.text);
    }
    assert!(!texts(&export.body).iter().any(|text| ["carol", "ada"].contains(text)));
    assert_eq!(export.body["invites"].as_array().unwrap().len(), 1);
    assert_eq!(export.body["invites"][0]["id"], own);
    let events = export.body["events"].as_array().unwrap();
    let change = events.iter().find(|event| event["event"] == "role-changed").unwrap();
    assert_eq!(change["byAnother"], true);
    assert!(events.iter().any(|event| event["event"] == "login-succeeded" && event["byAnother"] == false));
}

//! What administrators do with accounts, and what they do not get to see.

use serde_json::{Value, json};

use crate::support::{Client, Reply, Server, Socket, invited, make_tag, totp};

async fn id_of(client: &Client) -> String {
    client.get("/api/v1/account").await.body["id"].as_str().unwrap().to_owned()
}

async fn act(client: &Client, id: &str, action: &str) -> Reply {
    client.post(&format!("/api/v1/admin/users/{id}/{action}"), &json!({})).await
}

async fn log_in(client: &Client, username: &str, password: &str) -> Reply {
    client.post("/api/v1/auth/login", &json!({ "username": username, "password": password })).await
}

#[tokio::test]
async fn the_list_tells_who_has_an_account_and_no_more() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let users = ada.get("/api/v1/admin/users").await.body["users"].clone();
    let keys: Vec<_> = users[1].as_object().unwrap().keys().cloned().collect();
    for key in ["id", "username", "administrator", "disabled", "createdAt", "lastSeenDay", "sessions", "secondFactor"] {
        assert!(keys.contains(&key.to_owned()), "{key}");
    }
    assert_eq!((&users[0]["username"], &users[0]["administrator"]), (&json!("ada"), &json!(true)));
    assert_eq!((&users[1]["username"], &users[1]["administrator"]), (&json!("bob"), &json!(false)));
    assert_eq!((&users[1]["sessions"], &users[1]["disabled"]), (&json!(1), &json!(false)));
    let day = users[1]["lastSeenDay"].as_str().unwrap();
    assert!(users[1]["createdAt"].as_str().unwrap().starts_with(day) && day.len() == 10);
    assert_eq!(users[1]["secondFactor"], false);
    let secret = bob.post("/api/v1/account/totp", &json!({})).await.body["secret"].clone();
    let users = ada.get("/api/v1/admin/users").await.body["users"].clone();
    assert_eq!(users[1]["secondFactor"], false, "one that was begun is none");
    let code = totp::code(secret.as_str().unwrap(), 0);
    assert_eq!(bob.post("/api/v1/account/totp/confirm", &json!({ "code": code })).await.status, 200);
    let users = ada.get("/api/v1/admin/users").await.body["users"].clone();
    assert_eq!((&users[0]["secondFactor"], &users[1]["secondFactor"]), (&json!(false), &json!(true)));
    bob.post("/api/v1/auth/logout", &json!({})).await;
    let users = ada.get("/api/v1/admin/users").await.body["users"].clone();
    assert_eq!((&users[1]["sessions"], &users[1]["lastSeenDay"]), (&json!(0), &Value::Null));
}

#[tokio::test]
async fn what_is_for_administrators_is_for_nobody_else() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let id = id_of(&ada).await;
    let document = server.client.get("/api/v1/openapi.json").await.body;
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let told = operation["responses"]["403"]["description"].as_str().unwrap_or_default();
            if !path.starts_with("/api/v1/admin/") {
                let is_other = told.contains("administrators-only") && path != "/api/v1/invites";
                assert!(!is_other, "{method} {path} is asked here as well");
                continue;
            }
            assert!(told.contains("administrators-only"), "{method} {path} does not say whom it is for");
            let method = hyper::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = path.replace("{id}", &id);
            let refused = bob.send(method.clone(), &path, String::new()).await;
            assert_eq!((refused.status, refused.code()), (403, "administrators-only"), "{method} {path}");
            assert_eq!(server.client.send(method, &path, String::new()).await.status, 401);
            asked += 1;
        }
    }
    assert_eq!(asked, 9, "a new one is counted here");
    let refused = bob.post("/api/v1/invites", &json!({ "kind": "owner" })).await;
    assert_eq!((refused.status, refused.code()), (403, "administrators-only"));
    assert_eq!(ada.get("/api/v1/account").await.status, 200);
}

#[tokio::test]
async fn an_administrator_reads_nothing_that_others_wrote() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let personal = json!({ "emergencyContact": "canary contact", "vehicleNumber": "canary vehicle" });
    assert_eq!(bob.patch("/api/v1/account", &personal).await.status, 200);
    let tag =
        bob.post("/api/v1/tokens/generate", &json!({ "label": "canary label", "publicText": "canary text" })).await;
    let invite = bob.post("/api/v1/invites", &json!({ "kind": "household" })).await;
    let household_mate = invited(&bob, "household", "carol").await;
    let id = id_of(&bob).await;
    let tag_id = tag.body["id"].as_str().unwrap();
    let code = tag.body["qrCodeData"].as_str().unwrap().split(':').nth(2).unwrap();

    let document = server.client.get("/api/v1/openapi.json").await.body;
    let mut texts = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        // Whatever an administrator can ask for, about him where a place can be filled; deletion comes last.
        for method in item.as_object().unwrap().keys().filter(|method| *method != "delete") {
            let method = hyper::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let ends_ones_own_session = path.contains("logout") || path == "/api/v1/auth/register";
            for place in [id.as_str(), tag_id, invite.body["id"].as_str().unwrap()] {
                let path = path.replace("{id}", place);
                if !ends_ones_own_session && !path.ends_with("/disable") {
                    let client = ada.with_header("content-type", "application/json");
                    texts.push((path.clone(), client.send(method.clone(), &path, "{}".into()).await.text));
                }
            }
        }
    }
    texts.push(("delete".into(), ada.delete(&format!("/api/v1/tokens/{tag_id}")).await.text));
    texts.push(("disable".into(), act(&ada, &id, "disable").await.text));
    texts.push(("delete".into(), ada.delete(&format!("/api/v1/admin/users/{id}")).await.text));
    assert!(
        texts.len() > 40 && texts.iter().any(|(_, text)| text.contains("\"bob\"")),
        "the search finds what is there"
    );
    for (path, text) in &texts {
        for canary in ["canary", tag_id, code, invite.body["id"].as_str().unwrap()] {
            assert!(!text.contains(canary), "{path} says {canary}: {text}");
        }
    }
    assert_eq!(household_mate.get("/api/v1/tokens").await.body["tokens"][0]["id"], tag_id, "and it is still there");
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_looks_like_any_wrong_name() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let tag = make_tag(&bob).await;
    let id = id_of(&bob).await;
    let ticket = bob.post("/api/v1/presence/ticket", &json!({})).await.body["ticket"].clone();
    let mut presence = Socket::open(&bob, "/api/v1/presence", ticket.as_str().unwrap()).await;
    let call = server.client.post("/api/v1/calls/initiate", &json!({ "scannedToken": tag["qrCodeData"] })).await.body;
    let endpoint = call["signalingEndpoint"].as_str().unwrap();
    let _caller = Socket::open(&server.client, endpoint, call["ticket"].as_str().unwrap()).await;
    let ring = presence.hear("ring").await["ticket"].clone();

    assert_eq!(act(&ada, &id, "disable").await.status, 204);
    assert_eq!(presence.hear("error").await["code"], "logged-out");
    assert_eq!(bob.get("/api/v1/account").await.code(), "no-session");
    assert_eq!(bob.post("/api/v1/presence/ticket", &json!({})).await.status, 401);
    let mut late = Socket::greet(&server.client, endpoint, ring.as_str().unwrap()).await;
    assert_eq!(late.hear("error").await["code"], "no-such-call", "a ring that was heard before is no way in");
    let (wrong, nobody) =
        (log_in(&server.client, "bob", "wrong horse battery").await, log_in(&server.client, "eve", "x").await);
    let right = log_in(&server.client, "bob", "correct horse battery").await;
    assert_eq!((right.status, &right.body, &right.body), (401, &wrong.body, &nobody.body));
    assert_eq!(ada.get("/api/v1/admin/users").await.body["users"][1]["disabled"], true);

    assert_eq!(act(&ada, &id, "enable").await.status, 204);
    assert_eq!(bob.get("/api/v1/account").await.status, 401, "an ended session stays ended");
    assert_eq!(log_in(&server.client, "bob", "correct horse battery").await.status, 200);
}

#[tokio::test]
async fn there_is_always_an_administrator() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let (ada_id, bob_id) = (id_of(&ada).await, id_of(&bob).await);
    for action in ["disable", "owner"] {
        let refused = act(&ada, &ada_id, action).await;
        assert_eq!((refused.status, refused.code()), (409, "last-administrator"), "{action}");
    }
    assert_eq!(ada.delete(&format!("/api/v1/admin/users/{ada_id}")).await.code(), "last-administrator");
    assert_eq!(act(&ada, &bob_id, "administrator").await.status, 204);
    assert_eq!(act(&bob, &ada_id, "disable").await.code(), "confirm-first", "a new power needs a new proof");
    assert_eq!(act(&ada, &bob_id, "disable").await.status, 204);
    assert_eq!(act(&ada, &ada_id, "owner").await.code(), "last-administrator", "a disabled one does not count");
    assert_eq!(act(&ada, &bob_id, "enable").await.status, 204);
    assert_eq!(act(&ada, &ada_id, "owner").await.status, 204);
    assert_eq!(ada.get("/api/v1/admin/users").await.code(), "administrators-only", "from that moment on");
}

#[tokio::test]
async fn two_administrators_cannot_demote_each_other_at_the_same_time() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let (ada_id, bob_id) = (id_of(&ada).await, id_of(&bob).await);
    act(&ada, &bob_id, "administrator").await;
    let bob = {
        let token = log_in(&server.client, "bob", "correct horse battery").await.body["token"].clone();
        server.client.with_token(token.as_str().unwrap())
    };
    let (one, other) = tokio::join!(act(&ada, &bob_id, "owner"), act(&bob, &ada_id, "owner"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    // The second is refused by what it would do, or because its asker has lost the right to ask.
    assert!(statuses == [204, 409] || statuses == [204, 403], "{statuses:?}");
    let users = server.client.with_headers_of(if one.status == 204 { &ada } else { &bob });
    assert_eq!(users.get("/api/v1/admin/users").await.status, 200);
}

#[tokio::test]
async fn users_that_do_not_exist_are_not_found() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let nobody = callqr::domain::ids::AccountId::random().to_string();
    for id in [nobody.as_str(), "nonsense", "acct_"] {
        for action in ["disable", "enable", "administrator", "owner", "reset-password"] {
            let reply = act(&ada, id, action).await;
            assert_eq!((reply.status, reply.code()), (404, "no-such-user"), "{action} {id}");
        }
        assert_eq!(ada.delete(&format!("/api/v1/admin/users/{id}")).await.code(), "no-such-user");
    }
}

#[tokio::test]
async fn a_reset_link_sets_a_password_once_and_ends_all_sessions() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let id = id_of(&bob).await;
    let link = async || {
        let reply = act(&ada, &id, "reset-password").await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert!(reply.body["qr"]["svg"].is_string() && reply.body["expiresAt"].is_string());
        reply.body["url"].as_str().unwrap().split_once("/reset#").unwrap().1.to_owned()
    };
    let reset = async |token: &str, password: &str| {
        server.client.post("/api/v1/auth/reset", &json!({ "token": token, "newPassword": password })).await
    };
    let (old, new) = (link().await, link().await);
    assert_eq!(bob.get("/api/v1/account").await.status, 200, "a link alone changes nothing");
    assert_eq!(reset(&old, "another horse battery").await.code(), "reset-link", "the newest link counts");
    assert_eq!(reset("made up", "another horse battery").await.code(), "reset-link");
    assert_eq!(reset(&new, "short").await.code(), "password-too-short");
    let done = reset(&new, "another horse battery").await;
    assert_eq!(done.status, 200, "a refusal must not use it up: {}", done.text);
    assert_eq!(bob.get("/api/v1/account").await.status, 401);
    let bob = server.client.with_token(done.body["token"].as_str().unwrap());
    assert_eq!(bob.get("/api/v1/account").await.body["username"], "bob");
    assert_eq!(reset(&new, "a third horse battery").await.code(), "reset-link");
    assert_eq!(log_in(&server.client, "bob", "correct horse battery").await.status, 401);
    assert_eq!(log_in(&server.client, "bob", "another horse battery").await.status, 200);

    let unused = link().await;
    act(&ada, &id, "disable").await;
    assert_eq!(act(&ada, &id, "reset-password").await.code(), "user-disabled");
    assert_eq!(reset(&unused, "another horse battery").await.code(), "reset-link");
}

//! Passkeys (W3C Web Authentication): the ceremonies, by `webauthn-rs`.
//!
//! Every passkey is discoverable and asks for its holder's finger, face or PIN, so that it can stand in for the password
//! as well as be used with it. Attestation isn't requested: whose device someone has is not our business.
//!
//! `webauthn-rs` brings some seventy small crates along (its parsers of makers' attestations need RSA, the NIST curves
//! and X.509), but no OpenSSL, and it is the one implementation in Rust that has been audited and is used widely; a
//! verifier of our own would be smaller, and the wrong place to save. What it may not decide here is where the state of
//! a ceremony is kept: it goes into a ticket that is sealed, expires and works once (see `challenges`), which is what
//! the library's warning about replays asks for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder,
};

use crate::domain::ids::AccountId;
use crate::domain::{Error, Kind, Result};

/// How long browsers wait for a person.
const CEREMONY_TIMEOUT: std::time::Duration = crate::auth::challenges::LIFETIME;

/// The name by which a page of ours was opened: passkeys are made for one such name and work there alone.
#[derive(Clone)]
pub struct Site {
    host: String,
    origin: Url,
}

impl Site {
    /// The site of a page's origin, `https://HOST[:PORT]`, which has been checked to be ours.
    ///
    /// # Errors
    /// `passkeys-need-a-name` when the host is an IP address (WebAuthn section 5.1.2: an RP ID is a domain string).
    pub fn at(origin: &str) -> Result<Self> {
        let url = Url::parse(origin).ok().filter(|url| url.domain().is_some());
        let named = url.and_then(|origin| Some(Self { host: origin.domain()?.to_owned(), origin }));
        named.ok_or_else(|| {
            Error::invalid("passkeys-need-a-name", "Passkeys only work when the page is opened by name.")
                .hint("Open the page at a host name, such as the one in public_url, instead of an IP address.")
        })
    }

    /// The name itself: WebAuthn's RP ID.
    pub fn host(&self) -> &str {
        &self.host
    }

    fn webauthn(&self) -> Result<Webauthn> {
        let builder = WebauthnBuilder::new(&self.host, &self.origin).map_err(internal)?;
        builder.rp_name("callqr").timeout(CEREMONY_TIMEOUT).build().map_err(internal)
    }
}

/// Starts creating a passkey; what the browser is told (`PublicKeyCredentialCreationOptionsJSON`), and what the second
/// half must know. Those of `known` are not made again.
pub(in crate::auth) fn begin_making(
    site: &Site,
    account: AccountId,
    username: &str,
    known: Vec<CredentialID>,
) -> Result<(Value, PasskeyRegistration)> {
    let user = Uuid::from_bytes(*account.as_bytes());
    let (options, state) =
        site.webauthn()?.start_passkey_registration(user, username, username, Some(known)).map_err(internal)?;
    let mut options = serde_json::to_value(options.public_key).map_err(Error::internal)?;
    // The library leaves it to the device whether it remembers for whom a passkey is; logging in without a name needs it.
    options["authenticatorSelection"]["residentKey"] = json!("required");
    options["authenticatorSelection"]["requireResidentKey"] = json!(true);
    Ok((options, state))
}

/// Ends it with what the browser answered.
///
/// # Errors
/// `passkey-refused` when the answer is not one to this beginning, or proves nothing.
pub(in crate::auth) fn finish_making(site: &Site, state: &PasskeyRegistration, credential: Value) -> Result<Passkey> {
    let credential: RegisterPublicKeyCredential = serde_json::from_value(credential).map_err(|_| bad_answer())?;
    site.webauthn()?.finish_passkey_registration(&credential, state).map_err(|_| {
        Error::invalid("passkey-refused", "The device didn't create a passkey that works here.")
            .hint("Try again, or use another device.")
    })
}

/// Begins to ask for a passkey; what the browser is told (`PublicKeyCredentialRequestOptionsJSON`), and what the second
/// half must know.
pub(in crate::auth) fn begin_asking(site: &Site) -> Result<(Value, DiscoverableAuthentication)> {
    let (options, state) = site.webauthn()?.start_discoverable_authentication().map_err(internal)?;
    Ok((serde_json::to_value(options.public_key).map_err(Error::internal)?, state))
}

/// Tells the browser which passkeys will do, where that is known.
pub(in crate::auth) fn narrow(options: &mut Value, passkeys: &[Passkey]) {
    let id = |passkey: &Passkey| URL_SAFE_NO_PAD.encode(passkey.cred_id());
    let ids = passkeys.iter().map(|passkey| json!({ "type": "public-key", "id": id(passkey) }));
    options["allowCredentials"] = ids.collect();
}

/// An answer to [`begin_asking`] that has not been checked.
pub(in crate::auth) struct Answer(PublicKeyCredential);

impl Answer {
    /// Reads what the browser answered.
    ///
    /// # Errors
    /// `bad-passkey` when it is no such thing.
    pub(in crate::auth) fn parse(credential: Value) -> Result<Self> {
        serde_json::from_value(credential).map(Self).map_err(|_| bad_answer())
    }

    /// Whose passkey it claims to be, where it says so.
    pub(in crate::auth) fn account(&self) -> Option<AccountId> {
        let bytes: [u8; 16] = self.0.get_user_unique_id()?.try_into().ok()?;
        Some(AccountId::from_bytes(bytes))
    }

    /// Which credential it claims to be of.
    pub(in crate::auth) fn credential(&self) -> &[u8] {
        self.0.get_credential_id()
    }

    /// Checks it; the passkey as it is now, and its counter.
    ///
    /// # Errors
    /// `wrong-passkey` when it proves nothing, or its counter stands still though it has counted before: a copy.
    pub(in crate::auth) fn check(
        &self,
        site: &Site,
        state: DiscoverableAuthentication,
        mut passkey: Passkey,
    ) -> Result<(Passkey, u32)> {
        let webauthn = site.webauthn()?;
        let result =
            webauthn.finish_discoverable_authentication_v2(&self.0, state, &passkey).map_err(|_| wrong_passkey())?;
        passkey.update_credential(&result);
        Ok((passkey, result.counter()))
    }
}

/// The one answer to whatever a passkey does not prove.
pub(in crate::auth) fn wrong_passkey() -> Error {
    Error::new(Kind::Unauthenticated, "wrong-passkey", "This passkey doesn't work for this account.")
        .hint("Choose another passkey, or log in another way.")
}

fn bad_answer() -> Error {
    Error::invalid("bad-passkey", "This isn't a browser's passkey response.")
        .hint("Send what PublicKeyCredential.toJSON() returns.")
}

fn internal(error: webauthn_rs::prelude::WebauthnError) -> Error {
    Error::internal(format!("a passkey ceremony could not begin: {error:?}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn passkeys_are_for_names() {
        for (origin, host) in [
            ("https://call.example.org", "call.example.org"),
            ("https://callqr.local:8443", "callqr.local"),
            ("https://localhost:8443", "localhost"),
        ] {
            assert_eq!(Site::at(origin).unwrap().host(), host);
        }
        for origin in ["https://192.0.2.1:8443", "https://[2001:db8::1]", "https://127.0.0.1", "nonsense", ""] {
            assert_eq!(Site::at(origin).map(drop).unwrap_err().code, "passkeys-need-a-name", "{origin}");
        }
    }

    #[test]
    fn what_is_asked_for_is_remembered_by_the_device_and_proves_who_holds_it() {
        let site = Site::at("https://callqr.local:8443").unwrap();
        let (options, _) = begin_making(&site, AccountId::random(), "ada", Vec::new()).unwrap();
        assert_eq!(options["rp"]["id"], "callqr.local");
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["attestation"], "none");
        let (options, _) = begin_asking(&site).unwrap();
        assert_eq!((&options["rpId"], &options["userVerification"]), (&json!("callqr.local"), &json!("required")));
        assert_eq!(options["allowCredentials"], json!([]));
    }

    #[test]
    fn no_json_is_an_answer() {
        for value in [json!(null), json!({}), json!({ "id": "x", "rawId": "!", "response": {}, "type": "public-key" })]
        {
            assert_eq!(Answer::parse(value.clone()).map(drop).unwrap_err().code, "bad-passkey");
            let site = Site::at("https://localhost").unwrap();
            let (_, state) = begin_making(&site, AccountId::random(), "ada", Vec::new()).unwrap();
            assert_eq!(finish_making(&site, &state, value).map(drop).unwrap_err().code, "bad-passkey");
        }
    }
}

//! Answers: success, error, and the challenge that a stranger gets.

use std::net::SocketAddr;

use stun::attributes::{
    ATTR_NONCE, ATTR_PASSWORD_ALGORITHMS, ATTR_REALM, ATTR_UNKNOWN_ATTRIBUTES, ATTR_XORMAPPED_ADDRESS, AttrType,
};
use stun::error_code::{ErrorCode, ErrorCodeAttribute};
use stun::message::{CLASS_ERROR_RESPONSE, CLASS_SUCCESS_RESPONSE, Message, MessageClass, MessageType, Setter};
use stun::xoraddr::XorMappedAddress;

use super::nonce::FEATURES;
use crate::proto::stun::integrity::{self, Protection};
use crate::proto::stun::message::Received;

/// PASSWORD-ALGORITHMS as this server sends it: SHA-256, then MD5, both without parameters (RFC 8489, section 14.11).
pub const PASSWORD_ALGORITHMS: [u8; 8] = [0, 2, 0, 0, 0, 1, 0, 0];

/// An answer in the making.
#[derive(Debug)]
pub struct Reply(Message);

impl Reply {
    /// A success response to this request.
    pub fn success(request: &Received<'_>) -> Self {
        Self::to(request, CLASS_SUCCESS_RESPONSE)
    }

    /// An error response to this request. The reason phrase is left empty for strangers, whose answer must be short.
    pub fn error(request: &Received<'_>, code: ErrorCode, reason: &str) -> Self {
        Self::to(request, CLASS_ERROR_RESPONSE).with(&ErrorCodeAttribute { code, reason: reason.into() })
    }

    fn to(request: &Received<'_>, class: MessageClass) -> Self {
        let mut message = Message::new();
        message.typ = MessageType::new(request.message.typ.method, class);
        message.transaction_id = request.message.transaction_id;
        message.write_header();
        Self(message)
    }

    /// With one more attribute.
    pub fn with(mut self, attribute: &impl Setter) -> Self {
        // The setters fail on values that are too long, and callqr's are made of constants and addresses.
        let added = attribute.add_to(&mut self.0);
        debug_assert!(added.is_ok());
        self
    }

    /// With one more attribute of raw bytes.
    pub fn with_bytes(mut self, attribute: AttrType, value: &[u8]) -> Self {
        self.0.add(attribute, value);
        self
    }

    /// With XOR-MAPPED-ADDRESS.
    pub fn with_mapped(mut self, peer: SocketAddr) -> Self {
        let mapped = XorMappedAddress { ip: peer.ip().to_canonical(), port: peer.port() };
        let added = mapped.add_to_as(&mut self.0, ATTR_XORMAPPED_ADDRESS);
        debug_assert!(added.is_ok());
        self
    }

    /// With UNKNOWN-ATTRIBUTES.
    pub fn with_unknown(self, unknown: &[AttrType]) -> Self {
        let value: Vec<u8> = unknown.iter().flat_map(|attribute| attribute.value().to_be_bytes()).collect();
        self.with_bytes(ATTR_UNKNOWN_ATTRIBUTES, &value)
    }

    /// With REALM and NONCE, and PASSWORD-ALGORITHMS where the answer stays within three times the `request`'s bytes:
    /// forging a source must not gain more. Browsers' first Allocate (28 bytes) is answered in full.
    pub fn with_challenge(self, realm: &str, nonce: &str, request: usize) -> Self {
        let bare = self.0.raw.len() + padded(realm.len()) + padded(nonce.len());
        let full =
            bare - padded(nonce.len()) + padded(FEATURES.len() + nonce.len()) + padded(PASSWORD_ALGORITHMS.len());
        if full <= 3 * request {
            self.with_bytes(ATTR_REALM, realm.as_bytes())
                .with_bytes(ATTR_NONCE, format!("{FEATURES}{nonce}").as_bytes())
                .with_bytes(ATTR_PASSWORD_ALGORITHMS, &PASSWORD_ALGORITHMS)
        } else {
            self.with_bytes(ATTR_REALM, realm.as_bytes()).with_bytes(ATTR_NONCE, nonce.as_bytes())
        }
    }

    /// The bytes to send, protected as the request was.
    pub fn protected(mut self, protection: Protection, key: &[u8]) -> Vec<u8> {
        integrity::protect(&mut self.0, protection, key);
        self.0.raw
    }

    /// The bytes to send, unprotected.
    pub fn bare(self) -> Vec<u8> {
        self.0.raw
    }
}

/// What an attribute of this many bytes takes.
fn padded(value: usize) -> usize {
    4 + value.next_multiple_of(4)
}

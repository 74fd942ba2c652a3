//! Test vectors: RFC 5769 (all four) and RFC 8489, appendix B.1.

use std::net::SocketAddr;

use stun::agent::TransactionId;
use stun::attributes::{ATTR_NONCE, ATTR_REALM, ATTR_SOFTWARE, ATTR_USERNAME, ATTR_XORMAPPED_ADDRESS};
use stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message};

use super::integrity::{Keys, PasswordAlgorithm, Protection, protect, verify};
use super::message::{Malformed, Received};
use crate::proto::turn::header::{mask, xor_address};

const USERNAME: &str = "マトリックス";
const REALM: &str = "example.org";
const NONCE: &str = "f//499k954d6OL34oL9FSTvy64sA";
/// RFC 5769 section 2.4, after SASLprep.
const PASSWORD: &str = "TheMatrIX";
const SHORT_TERM_PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";

const REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff\
    80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2\
    80280004e57a3bcf";
const RESPONSE_V4: &str = "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643\
    000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";
const RESPONSE_V6: &str = "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a147\
    0113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c";
const LONG_TERM: &str = "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b90000\
    0015001c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f726700\
    00080014f67024656dd64a3e02b8e0712e85c9a28ca89666";
const SHA256: &str = "000100902112a44278ad3433c6ad72c029da412e001e00204a3cf38fef6992bda952c6780417da0f24819415569e60b2\
    05c46e41407f1704001500296f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c3946535476793634734100\
    00000014000b6578616d706c652e6f726700001d000400020000001c0020b5c7bf005b6c52a21c51c5e892f81924136296cb927c4314\
    9309278cc6518e65";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn integrity_holds(vector: &[u8], key: &[u8]) -> bool {
    let received = Received::parse(vector).unwrap();
    verify(&received, Protection::Sha1, received.integrity.unwrap(), key)
}

fn mapped(vector: &[u8]) -> SocketAddr {
    let received = Received::parse(vector).unwrap();
    xor_address(received.value(ATTR_XORMAPPED_ADDRESS).unwrap(), mask(vector)).unwrap()
}

#[test]
fn rfc_5769_2_1_request() {
    let vector = bytes(REQUEST);
    let received = Received::parse(&vector).unwrap();
    assert_eq!(received.message.typ, BINDING_REQUEST);
    assert_eq!(received.value(ATTR_SOFTWARE), Some(&b"STUN test client"[..]));
    assert_eq!(received.value(ATTR_USERNAME), Some(&b"evtj:h6vY"[..]));
    assert!(integrity_holds(&vector, SHORT_TERM_PASSWORD));
    assert!(!integrity_holds(&vector, b"VOkJxbRl1RmTxUk/WvJxBu"));
}

#[test]
fn rfc_5769_2_2_and_2_3_responses() {
    for (hex, address) in
        [(RESPONSE_V4, "192.0.2.1:32853"), (RESPONSE_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")]
    {
        let vector = bytes(hex);
        assert_eq!(Received::parse(&vector).unwrap().message.typ, BINDING_SUCCESS);
        assert_eq!(mapped(&vector), address.parse().unwrap());
        assert!(integrity_holds(&vector, SHORT_TERM_PASSWORD));
    }
}

#[test]
fn rfc_5769_2_4_long_term_request_read_and_written() {
    let (vector, keys) = (bytes(LONG_TERM), Keys::derive(USERNAME, REALM, PASSWORD));
    assert!(integrity_holds(&vector, keys.key(PasswordAlgorithm::Md5)));

    let mut message = Message::new();
    message.typ = BINDING_REQUEST;
    message.transaction_id = TransactionId(vector[8..20].try_into().unwrap());
    message.write_header();
    for (attribute, text) in [(ATTR_USERNAME, USERNAME), (ATTR_NONCE, NONCE), (ATTR_REALM, REALM)] {
        message.add(attribute, text.as_bytes());
    }
    protect(&mut message, Protection::Sha1, keys.key(PasswordAlgorithm::Md5));
    assert_eq!(message.raw, vector);
}

#[test]
fn rfc_8489_b_1_sha256_read_and_written() {
    let (vector, keys) = (bytes(SHA256), Keys::derive(USERNAME, REALM, PASSWORD));
    let key = keys.key(PasswordAlgorithm::Sha256);
    let received = Received::parse(&vector).unwrap();
    assert!(verify(&received, Protection::Sha256, received.integrity_sha256.unwrap(), key));

    let mut message = Message::new();
    message.typ = BINDING_REQUEST;
    message.transaction_id = received.message.transaction_id;
    message.write_header();
    for attribute in &received.message.attributes.0 {
        message.add(attribute.typ, &attribute.value);
    }
    protect(&mut message, Protection::Sha256, key);
    assert_eq!(message.raw, vector);
}

#[test]
fn any_changed_bit_is_noticed() {
    for hex in [REQUEST, RESPONSE_V4, RESPONSE_V6, LONG_TERM] {
        let vector = bytes(hex);
        let keys = Keys::derive(USERNAME, REALM, PASSWORD);
        let key = if hex == LONG_TERM { keys.key(PasswordAlgorithm::Md5) } else { SHORT_TERM_PASSWORD };
        // The head of FINGERPRINT follows what integrity covers: changed, it is another attribute, and ignored.
        let head = if hex == LONG_TERM { 0..0 } else { (vector.len() - 8) * 8..(vector.len() - 4) * 8 };
        for bit in (0..vector.len() * 8).filter(|bit| !head.contains(bit)) {
            let mut changed = vector.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let survives = Received::parse(&changed)
                .is_ok_and(|r| r.integrity.is_some_and(|at| verify(&r, Protection::Sha1, at, key)));
            assert!(!survives, "bit {bit} of {hex}");
        }
    }
}

#[test]
fn what_is_not_exactly_one_message_is_refused() {
    let vector = bytes(REQUEST);
    assert_eq!(Received::parse(&vector[..19]).unwrap_err(), Malformed::Length);
    assert_eq!(Received::parse(&vector[..104]).unwrap_err(), Malformed::Length);
    assert_eq!(Received::parse(&[&vector[..], &[0; 4]].concat()).unwrap_err(), Malformed::Length);
    let with = |at: usize, byte: u8| {
        let mut changed = vector.clone();
        changed[at] = byte;
        Received::parse(&changed).map(drop)
    };
    assert_eq!(with(0, 0x80), Err(Malformed::NotStun));
    assert_eq!(with(4, 0x20), Err(Malformed::NotStun));
    assert_eq!(with(3, 0x59), Err(Malformed::Length));
    assert_eq!(with(22, 0xFF), Err(Malformed::Attribute));
    assert_eq!(with(107, 0), Err(Malformed::Fingerprint));
}

#[test]
fn what_follows_integrity_is_not_there() {
    let keys = Keys::derive(USERNAME, REALM, PASSWORD);
    let mut message = Message::new();
    message.unmarshal_binary(&bytes(LONG_TERM)).unwrap();
    message.add(ATTR_SOFTWARE, b"smuggled");
    let received = Received::parse(&message.raw).unwrap();
    assert_eq!(received.value(ATTR_SOFTWARE), None);
    assert!(verify(&received, Protection::Sha1, received.integrity.unwrap(), keys.key(PasswordAlgorithm::Md5)));
}

//! A strict reading of STUN messages from strangers (RFC 8489, sections 5, 6.3 and 14).

use stun::attributes::{ATTR_FINGERPRINT, ATTR_MESSAGE_INTEGRITY, ATTR_MESSAGE_INTEGRITY_SHA256, AttrType};
use stun::fingerprint::FINGERPRINT_XOR_VALUE;
use stun::message::{MAGIC_COOKIE, Message};

use super::frame::STUN_HEADER;

/// The longest request that is looked at: five times what any client sends, and one Ethernet frame.
pub const LONGEST_REQUEST: usize = 1500;

/// Why bytes are not a message. All of these are answered with silence: what is not STUN gets no STUN answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// Shorter than its header says, longer than it says, or longer than [`LONGEST_REQUEST`].
    Length,
    /// The magic cookie is missing, or the topmost bits are not zero.
    NotStun,
    /// An attribute reaches beyond the message.
    Attribute,
    /// FINGERPRINT is present and wrong, or is not the last attribute.
    Fingerprint,
}

/// The value of FINGERPRINT after these bytes (RFC 8489, section 14.7). The crate's own function rebuilds its table on
/// every call, which would be expensive for Firefox's fingerprinted media.
pub fn fingerprint(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes) ^ FINGERPRINT_XOR_VALUE
}

/// A well-formed message and where its integrity attributes stand.
#[derive(Debug)]
pub struct Received<'a> {
    /// The bytes as they came.
    pub raw: &'a [u8],
    /// The decoded message. Attributes that stand after an integrity attribute, and so are not covered by it, are not
    /// in here (RFC 8489, sections 14.5 and 14.6).
    pub message: Message,
    /// Offset of MESSAGE-INTEGRITY in `raw`.
    pub integrity: Option<usize>,
    /// Offset of MESSAGE-INTEGRITY-SHA256 in `raw`.
    pub integrity_sha256: Option<usize>,
}

impl<'a> Received<'a> {
    /// Reads one message that fills `raw` exactly.
    pub fn parse(raw: &'a [u8]) -> Result<Self, Malformed> {
        if raw.len() < STUN_HEADER || raw.len() > LONGEST_REQUEST {
            return Err(Malformed::Length);
        }
        // RFC 8489, section 6.3: the first two bits are 0, the cookie is right, the length is sensible.
        if raw[0] & 0xC0 != 0 || raw[4..8] != MAGIC_COOKIE.to_be_bytes() {
            return Err(Malformed::NotStun);
        }
        let announced = usize::from(u16::from_be_bytes([raw[2], raw[3]]));
        if !announced.is_multiple_of(4) || announced != raw.len() - STUN_HEADER {
            return Err(Malformed::Length);
        }
        let mut message = Message::new();
        message.unmarshal_binary(raw).map_err(|_| Malformed::Attribute)?;
        let mut received = Self { raw, message, integrity: None, integrity_sha256: None };
        received.walk()?;
        Ok(received)
    }

    /// Finds the integrity attributes, checks the fingerprint, and drops what nothing covers.
    fn walk(&mut self) -> Result<(), Malformed> {
        let mut offset = STUN_HEADER;
        let mut covered = Vec::with_capacity(self.message.attributes.0.len());
        for attribute in std::mem::take(&mut self.message.attributes.0) {
            let at = offset;
            offset += 4 + usize::from(attribute.length).next_multiple_of(4);
            match attribute.typ {
                ATTR_FINGERPRINT => {
                    // Section 14.7: it is the last attribute, and wrong means that this is some other protocol.
                    let sent = <[u8; 4]>::try_from(&attribute.value[..]).map_err(|_| Malformed::Fingerprint)?;
                    if offset != self.raw.len() || u32::from_be_bytes(sent) != fingerprint(&self.raw[..at]) {
                        return Err(Malformed::Fingerprint);
                    }
                }
                ATTR_MESSAGE_INTEGRITY_SHA256 if self.integrity_sha256.is_none() => self.integrity_sha256 = Some(at),
                _ if self.integrity_sha256.is_some() => {}
                ATTR_MESSAGE_INTEGRITY if self.integrity.is_none() => self.integrity = Some(at),
                _ if self.integrity.is_some() => {}
                _ => covered.push(attribute),
            }
        }
        self.message.attributes.0 = covered;
        Ok(())
    }

    /// The value of the first attribute of this type.
    pub fn value(&self, attribute: AttrType) -> Option<&[u8]> {
        self.message.attributes.0.iter().find(|a| a.typ == attribute).map(|a| &a.value[..])
    }

    /// The values of all attributes of this type, in order.
    pub fn values(&self, attribute: AttrType) -> impl Iterator<Item = &[u8]> {
        self.message.attributes.0.iter().filter(move |a| a.typ == attribute).map(|a| &a.value[..])
    }
}

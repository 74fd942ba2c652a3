//! The long-term credential mechanism from the server's side (RFC 8489, section 9.2.4).

use std::time::Instant;

use stun::attributes::{ATTR_NONCE, ATTR_PASSWORD_ALGORITHM, ATTR_PASSWORD_ALGORITHMS, ATTR_REALM, ATTR_USERNAME};
use stun::error_code::{CODE_BAD_REQUEST, CODE_STALE_NONCE, CODE_UNAUTHORIZED, ErrorCode};

use super::nonce::Nonces;
use super::reply::PASSWORD_ALGORITHMS;
use crate::proto::stun::integrity::{self, Keys, PasswordAlgorithm, Protection};
use crate::proto::stun::message::Received;
use crate::proto::turn::five_tuple::FiveTuple;

/// How an authenticated request was protected, and so how its answer is to be.
#[derive(Debug, Clone, Copy)]
pub struct Seal {
    /// Which attribute.
    pub protection: Protection,
    /// Which of the participant's keys.
    pub algorithm: PasswordAlgorithm,
}

/// Why a request is not authenticated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// 401 or 438, with REALM and NONCE.
    Challenge(ErrorCode),
    /// 400, without either.
    BadRequest,
}

const UNAUTHORIZED: Refused = Refused::Challenge(CODE_UNAUTHORIZED);

impl Refused {
    /// The code to answer with.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Challenge(code) => code,
            Self::BadRequest => CODE_BAD_REQUEST,
        }
    }
}

/// Checks a request; `lookup` finds what a username stands for, and that value's keys.
pub fn authenticate<'k, T>(
    request: &Received<'_>,
    client: &FiveTuple,
    realm: &str,
    nonces: &Nonces,
    now: Instant,
    lookup: impl FnOnce(&str) -> Option<(T, &'k Keys)>,
) -> Result<(T, Seal), Refused> {
    // 1. No integrity attribute: 401 with REALM, NONCE and PASSWORD-ALGORITHMS. The stronger attribute counts.
    let (protection, offset) = match (request.integrity_sha256, request.integrity) {
        (Some(offset), _) => (Protection::Sha256, offset),
        (None, Some(offset)) => (Protection::Sha1, offset),
        (None, None) => return Err(UNAUTHORIZED),
    };
    // 2. Integrity without USERNAME, REALM or NONCE: 400. (USERHASH is not offered, so it does not stand in for USERNAME.)
    let (Some(username), Some(its_realm), Some(nonce)) =
        (request.value(ATTR_USERNAME), request.value(ATTR_REALM), request.value(ATTR_NONCE))
    else {
        return Err(Refused::BadRequest);
    };
    // 3. PASSWORD-ALGORITHM and PASSWORD-ALGORITHMS come together or not at all; the list is the one that was sent,
    //    so that nobody in between took the better entry out; the chosen one stands in it.
    let algorithm = match (request.value(ATTR_PASSWORD_ALGORITHM), request.value(ATTR_PASSWORD_ALGORITHMS)) {
        (None, None) => PasswordAlgorithm::Md5,
        (Some(chosen), Some(list)) if list == PASSWORD_ALGORITHMS => match *chosen {
            [0, 1, 0, 0] => PasswordAlgorithm::Md5,
            [0, 2, 0, 0] => PasswordAlgorithm::Sha256,
            _ => return Err(Refused::BadRequest),
        },
        _ => return Err(Refused::BadRequest),
    };
    // 4. An unknown username: 401. So is another realm, for which nobody has credentials here.
    let known = std::str::from_utf8(username).ok().and_then(lookup).filter(|_| its_realm == realm.as_bytes());
    let (whose, keys) = known.ok_or(UNAUTHORIZED)?;
    // 5. Integrity that the key does not make: 401.
    if !integrity::verify(request, protection, offset, keys.key(algorithm)) {
        return Err(UNAUTHORIZED);
    }
    // 6. A nonce that is old, or somebody else's: 438.
    if !nonces.is_valid(nonce, client, now) {
        return Err(Refused::Challenge(CODE_STALE_NONCE));
    }
    Ok((whose, Seal { protection, algorithm }))
}

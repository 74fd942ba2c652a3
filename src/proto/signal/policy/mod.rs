//! What one side may tell the other about itself: what a call needs, and nothing that would show an address.
//!
//! With a closed relay every legitimate address is a virtual one of ours. Descriptions and candidates are read by a
//! grammar and written again from what was understood: an unknown line has no way through, however an address is spelled
//! in it. A browser with `iceTransportPolicy: "relay"` shows nobody anyway; this is for the one that does not have it.

mod address;
mod attribute;
mod candidate;
mod description;
mod words;

use self::words::{ice_chars, mid};
use super::CloseReason;
use super::wire::{Candidate, Media};

/// What is left to pass on of what one side wants to tell the other.
///
/// # Errors
/// [`CloseReason::NotRelayed`] when it would show an address where one belongs, or does not read as what it claims to be.
pub fn admit(media: Media) -> Result<Media, CloseReason> {
    let admitted = match media {
        Media::Offer { sdp, commitment } => description::admit(&sdp).map(|sdp| Media::Offer { sdp, commitment }),
        Media::Answer { sdp, nonce } => description::admit(&sdp).map(|sdp| Media::Answer { sdp, nonce }),
        Media::IceCandidate(trickled) => admit_candidate(trickled).map(Media::IceCandidate),
        Media::Microphone { .. }
        | Media::RestartIce {}
        | Media::Reveal { .. }
        | Media::Signature { .. }
        | Media::Confirmation { .. } => Some(media),
    };
    admitted.ok_or(CloseReason::NotRelayed)
}

fn admit_candidate(trickled: Candidate) -> Option<Candidate> {
    let names_fit = trickled.sdp_mid.as_deref().is_none_or(|name| name.is_empty() || mid(name))
        && trickled.username_fragment.as_deref().is_none_or(|name| name.is_empty() || ice_chars(name, 256));
    let candidate = match trickled.candidate.as_str() {
        "" => String::new(),
        text => candidate::admit(text)?,
    };
    names_fit.then_some(Candidate { candidate, ..trickled })
}

#[cfg(test)]
mod tests;

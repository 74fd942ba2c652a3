//! Links with a secret in the fragment, which browsers do not send, and their QR codes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Result;
use crate::domain::credentials::secret::Secret;
use crate::qr::Qr;
use crate::web::state::SharedState;

/// Pixels per module of a downloaded PNG, enough for a 5 cm sticker at 300 dpi or more.
const PNG_SCALE: usize = 12;

/// A link as a QR code.
#[derive(Serialize, ToSchema)]
pub struct Pictures {
    /// SVG markup.
    svg: String,
    /// A `data:` URL.
    png: String,
}

impl Pictures {
    /// The QR code of a link.
    ///
    /// # Errors
    /// `qr-too-long`, which our links never are.
    pub fn of(url: &str) -> Result<Self> {
        let qr = Qr::encode(url)?;
        let png = format!("data:image/png;base64,{}", STANDARD.encode(qr.png(PNG_SCALE)?));
        Ok(Self { svg: qr.svg(), png })
    }
}

/// A link that works once and is only shown now.
#[derive(Serialize, ToSchema)]
pub struct Link {
    /// The link, with the secret in its fragment.
    url: String,
    qr: Pictures,
}

impl Link {
    /// A link to this server's `page` at `authority`, where the client reached it, with `token` in the fragment.
    ///
    /// # Errors
    /// As [`Pictures::of`].
    pub fn to(page: &str, token: &Secret<String>, state: &SharedState, authority: &str) -> Result<Self> {
        let url = format!("{}/{page}#{}", state.origin.for_stickers(authority), token.expose());
        let qr = Pictures::of(&url)?;
        Ok(Self { url, qr })
    }
}

//! What a browser is told about the relay: an entry of `RTCConfiguration.iceServers` (W3C WebRTC, 4.2.4).

use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use crate::domain::credentials::secret::Secret;

/// One relay with the credentials of one participant of one call.
#[derive(Debug, Clone)]
pub struct IceServer {
    /// `turn:` and `turns:` URIs (RFC 7065), in the order in which they are worth trying.
    pub urls: Vec<String>,
    /// The long-term credentials' user name (RFC 8489, 9.2).
    pub username: String,
    /// The long-term credentials' password.
    pub credential: Secret<String>,
}

impl Serialize for IceServer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("IceServer", 3)?;
        fields.serialize_field("urls", &self.urls)?;
        fields.serialize_field("username", &self.username)?;
        fields.serialize_field("credential", self.credential.expose())?;
        fields.end()
    }
}

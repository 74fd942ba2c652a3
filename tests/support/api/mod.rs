//! A method of [`Client`](super::Client) for each request of the API, and the kit's own types for what is asked and
//! answered, by resource as in `src/web/api`. A path or a field's name stands here and nowhere else in the tests.
//!
//! A request with much that is optional has a struct. Some take any JSON, for bodies that no client would send.

/// A method for each line: its name and arguments, the request's method and path, its body if it has one, and the status
/// and shape of success.
macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) =
        $method:ident $path:literal $(, $body:expr)? => $success:literal $answer:ty;)*) => {
        impl Client {
            $($(#[$doc])* pub async fn $name(&self, $($argument: $type),*) -> Reply<$answer> {
                requests!(@send self, $success, hyper::Method::$method, &format!($path) $(, &$body)?).await
            })*
        }
    };
    (@send $client:expr, $success:expr, $method:expr, $path:expr) => { $client.ask($success, $method, $path) };
    (@send $client:expr, $success:expr, $method:expr, $path:expr, $body:expr) => {
        $client.tell($success, $method, $path, $body)
    };
}

mod account;
mod admin;
mod calls;
mod factors;
mod invites;
mod login;
mod notes;
mod server;
mod tags;
mod vault;

pub use account::*;
pub use admin::*;
pub use calls::*;
pub use factors::*;
pub use invites::*;
pub use login::*;
pub use notes::*;
pub use server::*;
pub use tags::*;
pub use vault::*;

use serde::Deserialize;

use super::{Authenticator, Client, PASSWORD, Reply, protocol, reply, totp};

/// A link's QR code.
#[derive(Debug, Deserialize)]
pub struct Pictures {
    pub svg: String,
    pub png: String,
}

impl Pictures {
    #[track_caller]
    pub fn check(&self) {
        assert!(self.svg.starts_with("<svg") || self.svg.starts_with("<?xml"), "{}", self.svg);
        assert!(self.png.starts_with("data:image/png;base64,"), "{}", self.png);
    }
}

/// What follows `#` in a link.
pub fn secret_of(url: &str) -> String {
    url.split_once('#').unwrap().1.to_owned()
}

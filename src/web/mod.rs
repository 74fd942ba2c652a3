//! The HTTP edge: translate, call, translate back; one file per resource.

pub mod assets;
pub mod error;
pub mod health;
pub mod metrics;
pub mod openapi;
pub mod origin;
pub mod serve;
pub mod websocket;

mod account;
mod admin;
mod audit;
mod auth;
mod calls;
mod cors;
mod crowd;
mod export;
mod forwarded;
mod headers;
mod identity;
mod index;
mod invites;
mod knock;
mod leftover;
mod link;
mod missed;
mod notes;
mod pages;
mod presence;
mod register;
mod request;
mod salt;
mod second_factor;
mod sessions;
mod timestamp;
mod tokens;
mod vault;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::routing::get;
use axum::{Extension, Router};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::network::Network;
use crate::domain::{Error, Kind};
use crate::hub::Hub;
use crate::service::accounts::Accounts;
use crate::service::admission::Admission;
use crate::service::audit::Audit;
use crate::service::call_log::CallLog;
use crate::service::factors::Factors;
use crate::service::ice::Ice;
use crate::service::limits::Limits;
use crate::service::login::LogIn;
use crate::service::notes::Notes;
use crate::service::sessions::Sessions;
use crate::service::tags::Tags;
use crate::service::vaults::Vaults;
use error::Failure;
use health::Probes;
use origin::OriginPolicy;

/// What the handlers call, and the little they must know.
pub struct Edge {
    /// Accounts.
    pub accounts: Accounts,
    /// Who is asking.
    pub sessions: Sessions,
    /// How people come in.
    pub login: LogIn,
    /// What proves who they are, beside the password.
    pub factors: Factors,
    /// Stickers.
    pub tags: Tags,
    /// What only the owners' browsers can read.
    pub vaults: Vaults,
    /// What callers left.
    pub notes: Notes,
    /// What is kept of calls.
    pub call_log: CallLog,
    /// What happened, for the operator.
    pub audit: Audit,
    /// How often a source may ask.
    pub limits: Limits,
    /// How many requests may be under way at the same time.
    pub requests: Admission,
    /// How many WebSockets a source may have open, also through a proxy, whose connections count for nobody.
    pub sockets: Admission,
    /// Calls under way.
    pub hub: Hub,
    /// Addresses and credentials of the relay.
    pub ice: Arc<Ice>,
    /// How the rest of the appliance is.
    pub probes: Probes,
    /// Which origins are ours.
    pub origin: OriginPolicy,
    /// The certificate of the local authority as PEM, where there is one.
    pub local_ca: Option<String>,
    /// How long a caller hears it ring.
    pub ring_time: Duration,
    /// How long a request's body may take.
    pub body_time: Duration,
    /// The most bytes of a request's body.
    pub body_size: usize,
    /// Proxies whose word about their clients counts.
    pub trusted_proxies: Vec<Network>,
    /// Whether the certificate in use is one that browsers accept without being told to.
    pub browsers_trust: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// The handlers' view of the [`Edge`].
#[derive(Clone)]
pub struct State(Arc<Edge>);

impl Deref for State {
    type Target = Edge;

    fn deref(&self) -> &Edge {
        &self.0
    }
}

/// Everything that can be asked for over HTTP.
pub fn router(edge: Edge) -> Router {
    let state = State(Arc::new(edge));
    let (api, annotated) = api().split_for_parts();
    api.route("/", get(pages::owner))
        .route("/setup", get(pages::setup))
        .route("/join", get(pages::join))
        .route("/reset", get(pages::reset))
        .route("/c", get(pages::caller))
        .route("/api", get(openapi::page))
        .route("/worker.js", get(pages::worker))
        .route("/pages.sha256", get(assets::list))
        .route("/favicon.ico", get(pages::favicon))
        .route("/robots.txt", get(pages::robots))
        .route("/a/{build}/{*name}", get(assets::file))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(Extension(openapi::Document::new(&annotated)))
        .layer(from_fn_with_state(state.clone(), crowd::admit))
        .layer(from_fn_with_state(state.clone(), leftover::take_in))
        .layer(from_fn_with_state(state.clone(), cors::allow))
        .layer(map_response_with_state(state.clone(), headers::add))
        .with_state(state)
}

/// What programs may ask for: entered with its description, or not at all (see [`openapi`]).
fn api() -> OpenApiRouter<State> {
    let v1 = OpenApiRouter::with_openapi(openapi::outline())
        .routes(routes!(index::index))
        .routes(routes!(openapi::json))
        .routes(routes!(register::register))
        .routes(routes!(auth::log_in))
        .routes(routes!(auth::second_factor))
        .routes(routes!(auth::second_factor_passkey))
        .routes(routes!(auth::passkey))
        .routes(routes!(auth::passkey_finish))
        .routes(routes!(auth::log_out))
        .routes(routes!(salt::salt))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(sessions::confirm))
        .routes(routes!(sessions::confirm_second_factor))
        .routes(routes!(second_factor::begin_totp, second_factor::remove_totp))
        .routes(routes!(second_factor::confirm_totp))
        .routes(routes!(second_factor::renew_recovery_codes))
        .routes(routes!(second_factor::begin_passkey))
        .routes(routes!(second_factor::finish_passkey))
        .routes(routes!(second_factor::remove_passkey))
        .routes(routes!(register::reset))
        .routes(routes!(account::account, account::change, account::delete))
        .routes(routes!(export::export))
        .routes(routes!(account::password))
        .routes(routes!(invites::list, invites::create))
        .routes(routes!(invites::validate))
        .routes(routes!(invites::revoke))
        .routes(routes!(admin::users))
        .routes(routes!(admin::delete))
        .routes(routes!(admin::disable))
        .routes(routes!(admin::enable))
        .routes(routes!(admin::promote))
        .routes(routes!(admin::demote))
        .routes(routes!(invites::register))
        .routes(routes!(admin::reset_password))
        .routes(routes!(admin::reset_mfa))
        .routes(routes!(audit::audit_trail))
        .routes(routes!(tokens::list))
        .routes(routes!(tokens::generate))
        .routes(routes!(tokens::register))
        .routes(routes!(tokens::validate))
        .routes(routes!(tokens::revoke))
        .routes(routes!(tokens::pause))
        .routes(routes!(tokens::resume))
        .routes(routes!(vault::vault))
        .routes(routes!(vault::create))
        .routes(routes!(vault::replace))
        .routes(routes!(vault::let_in))
        .routes(routes!(vault::renew))
        .routes(routes!(vault::hand_over))
        .routes(routes!(calls::initiate))
        .routes(routes!(calls::signaling))
        .routes(routes!(calls::ticket))
        .routes(routes!(missed::missed_calls, missed::forget_missed_calls))
        .routes(routes!(missed::forget_missed_call))
        .routes(routes!(notes::leave, notes::list, notes::delete_all))
        .routes(routes!(notes::read))
        .routes(routes!(notes::delete))
        .routes(routes!(presence::ticket))
        .routes(routes!(presence::signaling));
    OpenApiRouter::with_openapi(openapi::outline())
        .routes(routes!(health::health))
        .routes(routes!(pages::ca))
        .nest("/api/v1", v1)
}

async fn nothing_here() -> Failure {
    not_found().into()
}

fn not_found() -> Error {
    Error::new(Kind::NotFound, "not-found", "There is nothing at this address.")
        .hint("GET /api/v1 lists what there is.")
}

async fn wrong_method() -> Failure {
    let error = Error::invalid("wrong-method", "This address does not take requests of this method.")
        .hint("GET /api/v1 lists what there is.");
    Failure::with_status(error, axum::http::StatusCode::METHOD_NOT_ALLOWED)
}

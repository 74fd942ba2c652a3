//! A server without TLS on port 0 (or in memory, for virtual time), and people who talk to it by the kit's protocol.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::response::IntoResponse as _;
use callqr::domain::Kind;
use callqr::domain::ids::{CallId, HouseholdId, SessionId, TagId};
use callqr::hub::Hub;
use callqr::hub::ice::Ice;
use callqr::hub::tickets::Tickets;
use callqr::proto::signal::SignalOptions;
use callqr::proto::turn::credentials::{CallAdmission, Credentials};
use callqr::web::origin::OriginPolicy;
use callqr::web::websocket::{call_socket, presence_socket};
use http::{Request, Response, StatusCode};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub use crate::protocol::{Heard, PRESENCE, Page, Say, Stream, Welcome, call_path};

const AUTHORITY: &str = "callqr.test:8443";
pub const ORIGIN: &str = "https://callqr.test:8443";

/// What the relay was told.
#[derive(Default)]
pub struct Relay {
    pub admitted: Mutex<BTreeSet<CallId>>,
}

impl CallAdmission for Relay {
    fn admit(&self, session: CallId, _: [Credentials; 2], _: Duration) {
        self.admitted.lock().unwrap().insert(session);
    }

    fn expect(&self, _: CallId, _: std::net::IpAddr) {}

    fn revoke(&self, session: CallId) {
        assert!(self.admitted.lock().unwrap().remove(&session), "only what was admitted is revoked");
    }
}

pub struct Server {
    pub hub: Hub,
    pub relay: Arc<Relay>,
    task: JoinHandle<()>,
}

/// A household with one sticker.
#[derive(Clone, Copy)]
pub struct Owner {
    pub household: HouseholdId,
    pub tag: TagId,
}

impl Owner {
    pub fn new() -> Self {
        Self { household: HouseholdId::random(), tag: TagId::random() }
    }
}

impl Server {
    pub fn start() -> Self {
        Self::with(SignalOptions::default())
    }

    pub fn with(options: SignalOptions) -> Self {
        Self::asking(options, || true)
    }

    /// `stands` answers whether a tag may still be called.
    pub fn asking(options: SignalOptions, stands: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let relay = Arc::new(Relay::default());
        let tickets = Tickets::new(&[7; 32]).unwrap();
        let standing = Box::new(move |_, _| {
            let stands = stands();
            Box::pin(async move { Ok(stands) }) as _
        });
        let (hub, task) = Hub::start(options, Arc::new(Ice::new(relay.clone())), tickets, standing);
        Self { hub, relay, task }
    }

    /// Another process that finds the same key on its disk.
    pub async fn restart(self) -> Self {
        self.hub.shutdown().await;
        self.task.await.unwrap();
        Self::start()
    }

    /// A TCP connection on loopback.
    pub async fn tcp(&self) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.set_nodelay(true).unwrap();
        let (served, _) = listener.accept().await.unwrap();
        self.serve(served);
        client
    }

    /// A connection in memory: virtual time goes on only when nobody has anything to do.
    pub fn memory(&self) -> DuplexStream {
        let (client, served) = tokio::io::duplex(16 * 1024);
        self.serve(served);
        client
    }

    fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let hub = self.hub.clone();
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let hub = hub.clone();
            async move { Ok::<_, Infallible>(answer(request.map(Body::new), &hub).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection.with_upgrades());
    }

    pub fn place(&self, owner: Owner) -> (String, String) {
        let call = self.hub.place(owner.tag, owner.household, AUTHORITY, SystemTime::now()).unwrap();
        (call_path(call.call_id), call.ticket)
    }

    /// A page of the caller's that is on the line.
    pub async fn call(&self, owner: Owner) -> (Page, String) {
        let (path, ticket) = self.place(owner);
        let page = self.enter(&path, &ticket, true).await;
        (page, path)
    }

    /// A page of a new device of the owner's.
    pub async fn device(&self, owner: Owner) -> Page {
        self.device_of(owner, SessionId::random()).await
    }

    pub async fn device_of(&self, owner: Owner, login: SessionId) -> Page {
        let ticket = self.hub.presence_ticket(owner.household, login).await.unwrap();
        let mut page = self.enter(PRESENCE, &ticket, true).await;
        assert_eq!(page.hear().await, "welcome");
        page
    }

    /// A phone that was rung shows it.
    pub async fn pick_up(&self, device: &mut Page) -> Page {
        assert_eq!(device.hear().await, "ring");
        let ring = device.rung.clone().unwrap();
        let mut page = self.enter(&ring.signaling_endpoint, &ring.ticket, true).await;
        assert_eq!(page.hear().await, "welcome ringing");
        page
    }

    /// A call that was answered: caller, device, presence, and the call's path.
    pub async fn talk(&self) -> (Page, Page, Page, String) {
        let owner = Owner::new();
        let mut presence = self.device(owner).await;
        let (mut caller, path) = self.call(owner).await;
        let mut device = self.pick_up(&mut presence).await;
        caller.hear_until("ringing 1").await;
        device.say(Say::Accept).await;
        assert_eq!(device.hear().await, "accepted");
        assert_eq!(caller.hear().await, "answered");
        (caller, device, presence, path)
    }

    /// Connects and says hello and ready.
    pub async fn enter(&self, path: &str, ticket: &str, fresh: bool) -> Page {
        let mut page = self.open(path).await;
        page.hello(ticket, fresh).await;
        page.say(Say::Ready).await;
        page
    }

    pub async fn open(&self, path: &str) -> Page {
        self.open_on(self.tcp().await, path).await
    }

    pub async fn open_on(&self, stream: impl Stream + 'static, path: &str) -> Page {
        self.try_open(stream, path, Some(ORIGIN)).await.unwrap()
    }

    /// # Errors
    /// The status and body of a refused upgrade.
    pub async fn try_open(
        &self,
        stream: impl Stream + 'static,
        path: &str,
        origin: Option<&str>,
    ) -> Result<Page, (StatusCode, String)> {
        let refused = match Page::open(stream, AUTHORITY, path, origin).await {
            Ok(page) => return Ok(page),
            Err(refused) => refused,
        };
        let body = refused.body().clone().unwrap_or_default();
        Err((refused.status(), String::from_utf8(body).unwrap()))
    }

    pub fn relayed(&self) -> usize {
        self.relay.admitted.lock().unwrap().len()
    }
}

async fn answer(request: Request<Body>, hub: &Hub) -> Response<Body> {
    let origins = OriginPolicy::default();
    let path = request.uri().path().to_owned();
    let upgraded = match path.strip_prefix(&call_path("")) {
        Some(session) => call_socket(request, session.parse().unwrap(), (None, None), &origins, hub).await,
        None => presence_socket(request, (None, None), &origins, hub).await,
    };
    upgraded.unwrap_or_else(|error| {
        let status = match error.kind {
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        (status, error.code).into_response()
    })
}

//! The router of the API. A handler is entered by its `#[utoipa::path]` annotation, which names its method and path, so that
//! nothing is served that is not described.
//!
//! The description itself is put together in tests alone: the finished document is a file (see [`super`]), and a server
//! carries neither the code that makes it nor what that leaves behind in memory.

use std::marker::PhantomData;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter};
use utoipa::openapi::HttpMethod;

use super::Annotation;
use crate::web::state::SharedState;

/// Handlers of one path, by their names: `routes!(profile::account, profile::change)`.
macro_rules! routes {
    ($($module:ident::$handler:ident),+) => {
        $crate::web::openapi::router::Routes::default()$(.with(
            pastey::paste!(std::marker::PhantomData::<$module::[<__path_ $handler>]>),
            $module::$handler,
        ))+
    };
}
pub(in crate::web) use routes;

/// Paths with their handlers.
#[derive(Default)]
pub struct ApiRouter {
    router: Router<SharedState>,
    #[cfg(test)]
    described: super::description::Described,
}

impl ApiRouter {
    /// Adds a path.
    pub fn routes(mut self, routes: Routes) -> Self {
        self.router = self.router.route(&routes.path, routes.handlers);
        #[cfg(test)]
        self.described.extend(routes.described);
        self
    }

    /// Adds all paths of another one.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        #[cfg(test)]
        self.described.extend(other.described);
        self
    }

    /// Adds all paths of another one behind a prefix.
    pub fn nest(mut self, prefix: &str, other: Self) -> Self {
        self.router = self.router.nest(prefix, other.router);
        #[cfg(test)]
        self.described.extend(other.described.below(prefix));
        self
    }

    /// What answers requests.
    pub fn into_router(self) -> Router<SharedState> {
        self.router
    }

    /// What the annotations say.
    #[cfg(test)]
    pub(super) fn into_described(self) -> super::description::Described {
        self.described
    }
}

/// The handlers of one path, by method; made by `routes!`.
#[derive(Default)]
pub struct Routes {
    path: String,
    handlers: MethodRouter<SharedState>,
    #[cfg(test)]
    described: super::description::Described,
}

impl Routes {
    /// Adds a handler and its annotation. All of a path's handlers name the same path.
    pub fn with<A: Annotation, H: Handler<T, SharedState>, T: 'static>(
        mut self,
        _: PhantomData<A>,
        handler: H,
    ) -> Self {
        self.path = A::path();
        let methods = A::methods().into_iter().map(filter).reduce(MethodFilter::or);
        if let Some(methods) = methods {
            self.handlers = self.handlers.on(methods, handler);
        }
        #[cfg(test)]
        self.described.add::<A>();
        self
    }
}

fn filter(method: HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
    }
}

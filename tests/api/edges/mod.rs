//! The edge: origins, headers, proxies, the port.

pub mod bodies;
pub mod cors;
pub mod csrf;
pub mod edge;
pub mod forwarded;
pub mod headers;
pub mod hosts;
pub mod port;
mod proxies;

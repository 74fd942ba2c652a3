//! Use-cases, shared by HTTP, WebSocket and the command line.

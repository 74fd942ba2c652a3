//! Logging: structured, and free of private values.

//! Composition root: binds what the configuration asks for, runs it, drains it in order.

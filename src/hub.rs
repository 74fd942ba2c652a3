//! The only driver of `proto::signal`: one task owns the switchboard.

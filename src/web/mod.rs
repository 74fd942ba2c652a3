//! The HTTP edge: translate, call, translate back; one file per resource.

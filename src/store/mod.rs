//! The only SQL: SQLite, one writer, embedded migrations.

-- Calls that are over and whose tickets could still be shown to a server that was started again. Eight bytes of the
-- SHA-256 of a random id, enough to know it again: a row says that some call ended at about that minute, and nothing of
-- whose it was.
CREATE TABLE ended_calls (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 8),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_calls_by_end ON ended_calls (expires_at);

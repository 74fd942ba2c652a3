-- Calls that are over and whose tickets could still be shown to a server that was started again. SHA-256 of a random id
-- that stands nowhere else: a row says that some call ended at about that minute, and nothing of whose it was.
CREATE TABLE ended_calls (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_calls_by_end ON ended_calls (expires_at);

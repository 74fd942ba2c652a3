-- Unanswered calls, for accounts that keep a list of them: everything but whose and until when is sealed.
CREATE TABLE missed_calls (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    call_sealed BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX missed_calls_by_account ON missed_calls (account_id, expires_at);
CREATE INDEX missed_calls_by_end ON missed_calls (expires_at);

-- Who keeps no list any more has none.
CREATE TRIGGER missed_calls_unwanted AFTER UPDATE OF keep_missed_calls ON accounts WHEN NOT NEW.keep_missed_calls
BEGIN
    DELETE FROM missed_calls WHERE account_id = NEW.id;
END;

-- Calls that are over, where the operator wants them recorded: names that are good for one call, and times.
CREATE TABLE call_sessions (
    session_id BLOB NOT NULL PRIMARY KEY CHECK (length(session_id) = 16),
    caller_id BLOB NOT NULL CHECK (length(caller_id) = 16),
    owner_id BLOB NOT NULL CHECK (length(owner_id) = 16),
    status TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    answered_at INTEGER,
    ended_at INTEGER NOT NULL,
    -- SHA-256 over the digests of both sides' DTLS fingerprints.
    fingerprints_hash BLOB CHECK (length(fingerprints_hash) = 32)
) STRICT, WITHOUT ROWID;

CREATE INDEX call_sessions_by_end ON call_sessions (ended_at);

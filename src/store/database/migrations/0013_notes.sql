-- What callers left for a household, sealed in their browsers to the identity of the tag (docs/e2e.md, section 6).
CREATE TABLE notes (
    -- In which order they came, of those of one minute.
    arrival INTEGER NOT NULL PRIMARY KEY,
    -- Follows from tag and envelope: what is sent twice is kept once.
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    tag_id BLOB NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 255),
    -- Minutes since 1970, as it is bound to the envelope.
    minute INTEGER NOT NULL CHECK (minute >= 0),
    envelope BLOB NOT NULL,
    -- Whether somebody of the household has opened it.
    read INTEGER NOT NULL CHECK (read IN (0, 1)),
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX notes_by_tag ON notes (tag_id, minute, arrival);
CREATE INDEX notes_by_end ON notes (expires_at);

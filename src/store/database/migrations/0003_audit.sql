-- Security events: who they concern by id alone, when to the minute, alike ones of a minute in one row. Ids rise with
-- time and are never used again. No account is an empty account_id, because NULL equals nothing in an index. There is
-- no reference to accounts: that an account was deleted must stay on record.
CREATE TABLE audit (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL,
    account_id BLOB NOT NULL CHECK (length(account_id) IN (0, 16)),
    actor_id BLOB NOT NULL CHECK (length(actor_id) IN (0, 16)),
    -- Rows of one weight make room for each other alone.
    weight INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    UNIQUE (at, event, detail, account_id, actor_id)
) STRICT;

CREATE INDEX audit_by_weight ON audit (weight, id);

-- A keyed digest of the configuration of the last start.
CREATE TABLE configuration (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;

-- Tags belong to a household, and every account to exactly one. An account that was there becomes a household of its
-- own. The tables are made anew because a column that must have a value and refers to another table cannot be added;
-- children are dropped first, so that nothing cascades.

CREATE TABLE households (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16)
) STRICT, WITHOUT ROWID;

CREATE TABLE household_of (account_id BLOB NOT NULL PRIMARY KEY, household_id BLOB NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO household_of SELECT id, randomblob(16) FROM accounts;
INSERT INTO households SELECT household_id FROM household_of;

ALTER TABLE accounts RENAME TO accounts_1;
ALTER TABLE logins RENAME TO logins_1;
ALTER TABLE tags RENAME TO tags_1;
DROP INDEX logins_by_account;
DROP INDEX tags_by_account;

CREATE TABLE accounts (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    household_id BLOB NOT NULL REFERENCES households (id),
    -- A keyed digest of the name: finds it, and tells nothing without the key.
    username_index BLOB NOT NULL UNIQUE CHECK (length(username_index) = 32),
    username_sealed BLOB NOT NULL,
    emergency_contact_sealed BLOB,
    vehicle_number_sealed BLOB,
    -- Argon2id in PHC string form.
    password_hash TEXT NOT NULL,
    administrator INTEGER NOT NULL CHECK (administrator IN (0, 1)),
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    keep_missed_calls INTEGER NOT NULL CHECK (keep_missed_calls IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX accounts_by_household ON accounts (household_id, created_at);

INSERT INTO accounts
SELECT a.id, h.household_id, a.username_index, a.username_sealed, a.emergency_contact_sealed, NULL, a.password_hash,
       a.administrator, 0, 0, a.created_at
FROM accounts_1 AS a JOIN household_of AS h ON h.account_id = a.id;

CREATE TABLE logins (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
    created_at INTEGER NOT NULL,
    -- Coarse, so that a look at a page is not a write.
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- When its holder last proved who they are.
    confirmed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX logins_by_account ON logins (account_id, last_used_at);

INSERT INTO logins
SELECT id, account_id, secret_hash, created_at, last_used_at, expires_at, created_at FROM logins_1;

CREATE TABLE tags (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    household_id BLOB NOT NULL REFERENCES households (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    label_sealed BLOB NOT NULL,
    public_text_sealed BLOB NOT NULL,
    paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_household ON tags (household_id, created_at);

INSERT INTO tags
SELECT t.id, h.household_id, t.token_hash, t.label_sealed, t.public_text_sealed, t.paused, t.created_at, t.expires_at
FROM tags_1 AS t JOIN household_of AS h ON h.account_id = t.account_id;

DROP TABLE tags_1;
DROP TABLE logins_1;
DROP TABLE accounts_1;
DROP TABLE household_of;

-- Links that let somebody register once.
CREATE TABLE invites (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    -- Who made it; NULL: the operator, by the command line.
    account_id BLOB REFERENCES accounts (id) ON DELETE CASCADE,
    -- The household to join; NULL: one of its own.
    household_id BLOB REFERENCES households (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX invites_by_account ON invites (account_id, created_at);

-- The one link of an account that sets a new password.
CREATE TABLE password_resets (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

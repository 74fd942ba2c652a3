-- Ids are 128 random bits; times are milliseconds since 1970 in UTC. A column that ends in _sealed holds ciphertext
-- whose key lives outside the database, one that ends in _hash a digest of a random secret.

CREATE TABLE accounts (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    -- A keyed digest of the name: finds it, and tells nothing without the key.
    username_index BLOB NOT NULL UNIQUE CHECK (length(username_index) = 32),
    username_sealed BLOB NOT NULL,
    emergency_contact_sealed BLOB,
    -- Argon2id in PHC string form.
    password_hash TEXT NOT NULL,
    administrator INTEGER NOT NULL CHECK (administrator IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE logins (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
    created_at INTEGER NOT NULL,
    -- Coarse, so that a look at a page is not a write.
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX logins_by_account ON logins (account_id, last_used_at);

CREATE TABLE tags (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    label_sealed BLOB NOT NULL,
    public_text_sealed BLOB NOT NULL,
    paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_account ON tags (account_id, created_at);

-- The one set-up link that works while there is no account.
CREATE TABLE setup_token (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    expires_at INTEGER NOT NULL
) STRICT;

-- Proves at each start that the keys outside belong to this database.
CREATE TABLE key_check (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    value BLOB NOT NULL CHECK (length(value) = 32)
) STRICT;

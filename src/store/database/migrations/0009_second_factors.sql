-- "Firefox on Android": what its owner tells the session by.
ALTER TABLE logins ADD COLUMN device_sealed BLOB;
-- Counts the changes of the session's secrets: tokens of earlier ones are worthless.
ALTER TABLE logins ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;

-- The authenticator app of an account.
CREATE TABLE totp (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    seed_sealed BLOB NOT NULL,
    -- The step of the last code that was taken: this one and earlier ones are over.
    last_step INTEGER NOT NULL,
    -- A step whose code was given while the clocks differed: over, too.
    barred_step INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Codes that have not been used; the digest is keyed.
CREATE TABLE recovery_codes (
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    PRIMARY KEY (account_id, code_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Digest of the credential's id: no two accounts have the same one.
    credential_hash BLOB NOT NULL UNIQUE CHECK (length(credential_hash) = 32),
    -- The name of this server that it was made for, and works for alone.
    rp_id TEXT NOT NULL,
    name_sealed BLOB NOT NULL,
    -- The credential's id, its public key and what else is known of it.
    credential_sealed BLOB NOT NULL,
    -- The authenticator's counter at the last use; stays 0 with those that do not count.
    sign_count INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX passkeys_by_account ON passkeys (account_id, created_at);

-- Ids are 128 random bits; times are milliseconds since 1970 in UTC. A column that ends in _sealed holds ciphertext
-- whose key is outside the database; one that ends in _hash holds a digest of a random secret.
--
-- STRICT, WITHOUT ROWID, BLOB and AUTOINCREMENT are SQLite's own, and so is the form of the trigger. Everything else is
-- SQL that PostgreSQL reads too.

-- Households and their members ---------------------------------------------------------------------------------------

CREATE TABLE households (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    -- How many tags it has ever made; bounds known_tokens.
    tags_made INTEGER NOT NULL DEFAULT 0 CHECK (tags_made >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    household_id BLOB NOT NULL REFERENCES households (id),
    -- A keyed digest of the name: finds the account, and says nothing without the key.
    username_index BLOB NOT NULL UNIQUE CHECK (length(username_index) = 32),
    username_sealed BLOB NOT NULL,
    emergency_contact_sealed BLOB,
    vehicle_number_sealed BLOB,
    -- Argon2id in PHC string form.
    password_hash TEXT NOT NULL,
    administrator INTEGER NOT NULL CHECK (administrator IN (0, 1)),
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    keep_missed_calls INTEGER NOT NULL CHECK (keep_missed_calls IN (0, 1)),
    created_at INTEGER NOT NULL,
    -- Whether it asks the household's other members to be let into the vault.
    asks_in INTEGER NOT NULL DEFAULT 0 CHECK (asks_in IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX accounts_by_household ON accounts (household_id, created_at);

-- Links that let somebody register once.
CREATE TABLE invites (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    -- Who made it; NULL: the operator, on the command line.
    account_id BLOB REFERENCES accounts (id) ON DELETE CASCADE,
    -- The household to join; NULL: a new one.
    household_id BLOB REFERENCES households (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- The vault key of the household to join, wrapped with a secret in the link's fragment.
    wrapped BLOB CHECK (wrapped IS NULL OR (length(wrapped) = 62 AND household_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX invites_by_account ON invites (account_id, created_at);

-- Logging in ---------------------------------------------------------------------------------------------------------

-- One row for each device that is logged in.
CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
    created_at INTEGER NOT NULL,
    -- Coarse, so that viewing a page is not a write.
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- When the user last proved who they are.
    confirmed_at INTEGER NOT NULL,
    -- Such as "Firefox on Android": what people recognise the device by.
    device_sealed BLOB NOT NULL,
    -- How often the secrets have changed: tokens of an earlier generation are worthless.
    generation INTEGER NOT NULL DEFAULT 0,
    -- The random id that a device got when it first logged in to this account; NULL: it showed none. When an account has
    -- as many sessions as it may have, an older one of the same device goes first.
    device_id BLOB CHECK (device_id IS NULL OR length(device_id) = 16)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_account ON sessions (account_id, last_used_at);

-- The one link of an account that sets a new password.
CREATE TABLE password_resets (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The authenticator app of an account.
CREATE TABLE totp (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    seed_sealed BLOB NOT NULL,
    -- The step of the last code that was accepted: it and all earlier ones are used up.
    last_step INTEGER NOT NULL,
    -- A step whose code was given while the clocks differed: used up, too.
    barred_step INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Backup codes that have not been used; the digest is keyed.
CREATE TABLE backup_codes (
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    PRIMARY KEY (account_id, code_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- A digest of the credential's id: no two accounts share one.
    credential_hash BLOB NOT NULL UNIQUE CHECK (length(credential_hash) = 32),
    -- The name of this server that it was made for; it works for no other.
    rp_id TEXT NOT NULL,
    name_sealed BLOB NOT NULL,
    -- The credential's id, its public key and what else is known about it.
    credential_sealed BLOB NOT NULL,
    -- The authenticator's counter at the last use; stays 0 with those that do not count.
    sign_count INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX passkeys_by_account ON passkeys (account_id, created_at);

-- Vaults -------------------------------------------------------------------------------------------------------------

-- A household's vault, sealed in a member's browser with a key that the server never has (docs/e2e.md, section 4).
CREATE TABLE vaults (
    household_id BLOB NOT NULL PRIMARY KEY REFERENCES households (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL CHECK (revision > 0),
    blob BLOB NOT NULL,
    -- SHA-256 of what follows from the vault's key: only those who can show that may change the vault.
    holder BLOB NOT NULL CHECK (length(holder) = 32)
) STRICT;

-- The vault's key, wrapped once for each way in which an account can open the vault.
CREATE TABLE vault_wraps (
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Password, recovery code, passkey: as in the wrapped key itself.
    kind INTEGER NOT NULL CHECK (kind IN (1, 2, 3)),
    -- SHA-256 of the passkey's credential id; empty for the other kinds, of which there is one each.
    credential BLOB NOT NULL CHECK (length(credential) = CASE kind WHEN 3 THEN 32 ELSE 0 END),
    wrapped BLOB NOT NULL CHECK (length(wrapped) = 62),
    PRIMARY KEY (account_id, kind, credential)
) STRICT, WITHOUT ROWID;

-- The vault's key on its way to a member who cannot open the vault: wrapped in another member's browser with a secret in a
-- link's fragment, and deleted when the member adds a way in.
CREATE TABLE vault_handovers (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    wrapped BLOB NOT NULL CHECK (length(wrapped) = 62),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Tags and what comes through them -----------------------------------------------------------------------------------

CREATE TABLE tags (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    household_id BLOB NOT NULL REFERENCES households (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    label_sealed BLOB NOT NULL,
    public_text_sealed BLOB NOT NULL,
    paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
    created_at INTEGER NOT NULL,
    -- NULL: it works until it is revoked.
    expires_at INTEGER,
    -- The public keys whose hash is in the code, if the sticker was made in its owner's browser (docs/e2e.md). Callers get them.
    identity BLOB CHECK (identity IS NULL OR length(identity) = 131),
    -- What callers of such a tag read, sealed in its owner's browser with a key that only the sticker leads to.
    sealed_text BLOB CHECK (sealed_text IS NULL OR length(sealed_text) IN (285, 541))
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_household ON tags (household_id, created_at);
CREATE INDEX tags_by_end ON tags (expires_at) WHERE expires_at IS NOT NULL;

-- Keyed digests of the tokens of all tags that ever existed, so that nobody can make a tag with the token of one that is gone
-- and be called by people who scan the old sticker. A digest says neither whose the token was nor when.
CREATE TABLE known_tokens (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 16)
) STRICT, WITHOUT ROWID;

-- What callers left for a household, sealed in their browsers for the tag's identity (docs/e2e.md, section 6).
CREATE TABLE notes (
    -- Orders notes of the same minute by arrival.
    arrival INTEGER NOT NULL PRIMARY KEY,
    -- Derived from tag and envelope: what is sent twice is stored once.
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    tag_id BLOB NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 255),
    -- Minutes since 1970, as the envelope has it.
    minute INTEGER NOT NULL CHECK (minute >= 0),
    envelope BLOB NOT NULL,
    -- Whether a member of the household has opened it.
    read INTEGER NOT NULL CHECK (read IN (0, 1)),
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX notes_by_tag ON notes (tag_id, minute, arrival);
CREATE INDEX notes_by_end ON notes (expires_at);

-- Unanswered calls, for accounts that keep a list of them.
CREATE TABLE missed_calls (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    call_sealed BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX missed_calls_by_account ON missed_calls (account_id, expires_at);
CREATE INDEX missed_calls_by_end ON missed_calls (expires_at);

-- An account that stops keeping the list loses it.
CREATE TRIGGER missed_calls_unwanted AFTER UPDATE OF keep_missed_calls ON accounts WHEN NOT NEW.keep_missed_calls
BEGIN
    DELETE FROM missed_calls WHERE account_id = NEW.id;
END;

-- Calls that are over, if the operator wants them recorded: ids that were used for one call only, and times.
CREATE TABLE call_records (
    call_id BLOB NOT NULL PRIMARY KEY CHECK (length(call_id) = 16),
    caller_id BLOB NOT NULL CHECK (length(caller_id) = 16),
    owner_id BLOB NOT NULL CHECK (length(owner_id) = 16),
    status TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    answered_at INTEGER,
    ended_at INTEGER NOT NULL,
    -- SHA-256 over the digests of both sides' DTLS fingerprints.
    fingerprints_hash BLOB CHECK (length(fingerprints_hash) = 32)
) STRICT, WITHOUT ROWID;

CREATE INDEX call_records_by_end ON call_records (ended_at);

-- Calls that are over and whose tickets could still be shown to a server that was started again. Eight bytes of the
-- SHA-256 of a random id, enough to know it again: a row says that some call ended at about that minute, and nothing of
-- whose it was.
CREATE TABLE ended_calls (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 8),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_calls_by_end ON ended_calls (expires_at);

-- The server itself --------------------------------------------------------------------------------------------------

-- Security events, to the minute; equal ones of one minute share a row. Ids rise with time and are never reused. No account is
-- an empty account_id, because NULL equals nothing in an index. Nothing refers to accounts: that one was deleted stays on record.
CREATE TABLE audit (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL,
    account_id BLOB NOT NULL CHECK (length(account_id) IN (0, 16)),
    actor_id BLOB NOT NULL CHECK (length(actor_id) IN (0, 16)),
    -- A new row pushes out only rows of its own weight.
    weight INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    UNIQUE (at, event, detail, account_id, actor_id)
) STRICT;

CREATE INDEX audit_by_weight ON audit (weight, id);

-- The one set-up link that works while there is no account.
CREATE TABLE setup_token (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    expires_at INTEGER NOT NULL
) STRICT;

-- Proves at each start that the key file belongs to this database.
CREATE TABLE key_check (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    value BLOB NOT NULL CHECK (length(value) = 32)
) STRICT;

-- The keys that seal values, as far as the database may know them: the id that each value begins with, and a digest that
-- tells apart keys with the same id. Values sealed with a retired key are refused.
CREATE TABLE field_keys (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 1),
    proof BLOB NOT NULL CHECK (length(proof) = 32),
    retired INTEGER NOT NULL CHECK (retired IN (0, 1))
) STRICT, WITHOUT ROWID;

-- A keyed digest of the configuration at the last start.
CREATE TABLE configuration (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;

-- Who has the database open: another value at each opening, so that a file that is not the open one is told apart. Written
-- at that moment alone, so that it is read in the file itself and not in the log.
CREATE TABLE opened (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    value BLOB NOT NULL CHECK (length(value) = 16)
) STRICT;

-- When somebody last looked whether the database can be written, by writing this.
CREATE TABLE examined (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    at INTEGER NOT NULL
) STRICT;

-- When the clock was last right: reveals a plainly wrong one at the next start.
CREATE TABLE clock (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    seen_at INTEGER NOT NULL
) STRICT;

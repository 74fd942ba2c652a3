-- The household's vault, sealed in an owner's browser with a key that the server never has (docs/e2e.md, section 4).
CREATE TABLE vaults (
    household_id BLOB NOT NULL PRIMARY KEY REFERENCES households (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL CHECK (revision > 0),
    blob BLOB NOT NULL
) STRICT;

-- That key, wrapped for each way in which an account can open the vault.
CREATE TABLE vault_wraps (
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- password, recovery code, passkey: as in the wrap itself.
    kind INTEGER NOT NULL CHECK (kind IN (1, 2, 3)),
    -- SHA-256 of the passkey's credential id; empty for the other kinds, of which there is one.
    credential BLOB NOT NULL CHECK (length(credential) = CASE kind WHEN 3 THEN 32 ELSE 0 END),
    wrapped BLOB NOT NULL CHECK (length(wrapped) = 62),
    PRIMARY KEY (account_id, kind, credential)
) STRICT, WITHOUT ROWID;

-- The household's vault key on its way to a member who has no way into the vault: wrapped in another member's browser with what a
-- link carries in its fragment, and gone with the first way in that the member adds.
CREATE TABLE vault_handovers (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    wrapped BLOB NOT NULL CHECK (length(wrapped) = 62),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

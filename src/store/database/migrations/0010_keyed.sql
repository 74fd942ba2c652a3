-- What callers of a tag with an identity read, sealed in its owner's browser with a key that only the sticker leads to.
ALTER TABLE tags ADD COLUMN sealed_text BLOB CHECK (sealed_text IS NULL OR length(sealed_text) IN (285, 541));

-- The household's vault key, wrapped with what an invite's link carries in its fragment: whoever comes can open the vault.
ALTER TABLE invites ADD COLUMN wrapped BLOB CHECK (wrapped IS NULL OR (length(wrapped) = 62 AND household_id IS NOT NULL));

-- A tag whose sticker was made in its owner's browser carries the hash of these public keys (docs/e2e.md); callers get them.
ALTER TABLE tags ADD COLUMN identity BLOB CHECK (identity IS NULL OR length(identity) = 131);

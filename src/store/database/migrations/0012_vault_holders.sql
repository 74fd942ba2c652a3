-- SHA-256 of what follows from the vault's key: whoever cannot show that does not hold the key and changes nothing. A vault that was
-- made before takes the first that is shown.
ALTER TABLE vaults ADD COLUMN holder BLOB CHECK (holder IS NULL OR length(holder) = 32);

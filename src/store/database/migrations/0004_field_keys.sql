-- The keys that seal values, as far as the database may know them: by the id that each value begins with, and a digest
-- that tells a key from another of the same id. Values of a retired key are refused.
CREATE TABLE field_keys (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 1),
    proof BLOB NOT NULL CHECK (length(proof) = 32),
    retired INTEGER NOT NULL CHECK (retired IN (0, 1))
) STRICT, WITHOUT ROWID;

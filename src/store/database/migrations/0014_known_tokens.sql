-- Keyed digests of the tokens of all tags that there ever were: who has kept the token of one that is gone must not take it in again
-- and be called by those who scan the old sticker. Nothing tells whose a token was, nor when, and the key is not in the database.
CREATE TABLE known_tokens (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 16)
) STRICT, WITHOUT ROWID;

-- Whether a tag's token is among them. Those of tags from before are digested at the next start, when the key is at hand.
ALTER TABLE tags ADD COLUMN token_known INTEGER NOT NULL DEFAULT 0 CHECK (token_known IN (0, 1));

-- How many tags a household ever made: what bounds the digests.
ALTER TABLE households ADD COLUMN tags_made INTEGER NOT NULL DEFAULT 0 CHECK (tags_made >= 0);
UPDATE households SET tags_made = (SELECT count(*) FROM tags WHERE household_id = households.id);

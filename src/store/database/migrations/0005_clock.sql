-- When the clock was last right: tells a plainly wrong one at the next start.
CREATE TABLE clock (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    seen_at INTEGER NOT NULL
) STRICT;

CREATE INDEX tags_by_end ON tags (expires_at) WHERE expires_at IS NOT NULL;

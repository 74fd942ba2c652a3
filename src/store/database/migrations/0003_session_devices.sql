-- The random id that a device got when it first logged in to this account. When an account has as many sessions as it may
-- have, an older one of the same device goes first.
ALTER TABLE sessions ADD COLUMN device_id BLOB CHECK (length(device_id) = 16);

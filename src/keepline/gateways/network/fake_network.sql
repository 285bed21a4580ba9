-- The fake network's memory. `seq` is the order of arrival; instants are unix seconds (UTC).

CREATE TABLE IF NOT EXISTS operations (
    seq          INTEGER PRIMARY KEY,
    operation_id TEXT NOT NULL UNIQUE,
    line_ref     TEXT NOT NULL,
    msisdn       INTEGER,
    iccid        TEXT,
    desired      TEXT,              -- JSON; NULL: nothing, or taken back before it came
    state        TEXT NOT NULL CHECK (state IN ('applied', 'rejected', 'reverted')),
    code         TEXT NOT NULL DEFAULT '',
    applies_at   REAL NOT NULL DEFAULT 0  -- a late one is invisible until then
) STRICT;
CREATE INDEX IF NOT EXISTS operations_of_line ON operations (line_ref, seq);

-- How calls for a line (or '*': for all) go wrong. `times` counts down; NULL: until changed.
CREATE TABLE IF NOT EXISTS behaviour (
    line_ref TEXT PRIMARY KEY,
    word     TEXT NOT NULL,
    times    INTEGER
) STRICT;

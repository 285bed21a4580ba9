-- The fake clearing house's memory. Numbers are bare digits.

CREATE TABLE IF NOT EXISTS numbers (
    number TEXT PRIMARY KEY,
    operator TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',    -- by which `elsewhere` lets it go
    holder TEXT NOT NULL DEFAULT ''   -- '': nobody's name is asked
) STRICT;

CREATE TABLE IF NOT EXISTS ports (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    number TEXT NOT NULL,
    code TEXT NOT NULL,
    holder TEXT NOT NULL,
    donor TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    cut_over_at TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE IF NOT EXISTS behaviour (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    content TEXT NOT NULL
) STRICT;

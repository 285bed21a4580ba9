-- The fake identity provider's memory.

CREATE TABLE IF NOT EXISTS checks (
    id TEXT PRIMARY KEY,
    return_url TEXT NOT NULL,
    language TEXT NOT NULL,
    result TEXT NOT NULL DEFAULT 'pending',
    reason TEXT NOT NULL DEFAULT '',
    country TEXT NOT NULL DEFAULT '',
    of_age INTEGER                     -- null: nobody said
) STRICT;

CREATE TABLE IF NOT EXISTS behaviour (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    content TEXT NOT NULL
) STRICT;

-- The fake SM-DP+'s memory. ICCIDs are bare digits.

CREATE TABLE IF NOT EXISTS profiles (
    iccid TEXT PRIMARY KEY,
    profile_type TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'Available',  -- SGP.22 3.1.6, and what phones do afterwards
    eid TEXT,
    matching_id TEXT UNIQUE,
    confirmation_code TEXT,
    wrong_codes INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A call that is repeated gets the first answer.
CREATE TABLE IF NOT EXISTS calls (
    requester TEXT NOT NULL,
    call_id TEXT NOT NULL,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (requester, call_id)
) STRICT;

CREATE TABLE IF NOT EXISTS notifications (
    seq INTEGER PRIMARY KEY,
    iccid TEXT NOT NULL,
    body TEXT NOT NULL,
    answer TEXT NOT NULL DEFAULT ''  -- the HTTP status, or the word of what went wrong
) STRICT;

CREATE TABLE IF NOT EXISTS behaviour (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    content TEXT NOT NULL
) STRICT;

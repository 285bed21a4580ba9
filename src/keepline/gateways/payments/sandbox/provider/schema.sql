-- The sandbox provider's books. Instants are unix milliseconds (UTC); amounts are minor units.

CREATE TABLE IF NOT EXISTS payments (
    id             TEXT PRIMARY KEY,          -- the provider's id, part of the checkout address
    payment_id     TEXT NOT NULL UNIQUE,      -- the seller's id = idempotency key
    order_id       TEXT NOT NULL,
    request        TEXT NOT NULL,             -- canonical body: a repeat must be equal
    amount_minor   INTEGER NOT NULL CHECK (amount_minor > 0),
    currency       TEXT NOT NULL,
    description    TEXT NOT NULL,
    seller         TEXT NOT NULL,
    language       TEXT NOT NULL,
    return_url     TEXT NOT NULL,
    cancel_url     TEXT NOT NULL,
    metadata       TEXT NOT NULL,
    status         TEXT NOT NULL DEFAULT 'pending'
                   CHECK (status IN ('pending', 'captured', 'declined', 'expired')),
    captured_minor INTEGER NOT NULL DEFAULT 0,
    refunded_minor INTEGER NOT NULL DEFAULT 0,
    decline_code   TEXT NOT NULL DEFAULT '',
    behaviour      TEXT NOT NULL DEFAULT '{}',
    opened_at      INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    closed_at      INTEGER,
    CHECK (captured_minor IN (0, amount_minor)),
    CHECK (refunded_minor <= captured_minor)
) STRICT;
CREATE INDEX IF NOT EXISTS payments_by_opening ON payments (opened_at, id);
CREATE INDEX IF NOT EXISTS payments_to_expire ON payments (expires_at) WHERE status = 'pending';

CREATE TABLE IF NOT EXISTS refunds (
    refund_id    TEXT PRIMARY KEY,            -- the seller's id = idempotency key
    provider_id  TEXT NOT NULL REFERENCES payments (id),
    request      TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    status       TEXT NOT NULL CHECK (status IN ('pending', 'refunded', 'refused')),
    code         TEXT NOT NULL DEFAULT '',
    created_at   INTEGER NOT NULL,
    settles_at   INTEGER                      -- set while pending
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_by_payment ON refunds (provider_id);
CREATE INDEX IF NOT EXISTS refunds_to_settle ON refunds (settles_at) WHERE status = 'pending';

CREATE TABLE IF NOT EXISTS deliveries (
    seq         INTEGER PRIMARY KEY,
    event_id    TEXT NOT NULL,                -- the same on every copy and every try
    provider_id TEXT NOT NULL REFERENCES payments (id),
    kind        TEXT NOT NULL,
    body        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'lost', 'given_up')),
    held        INTEGER NOT NULL DEFAULT 0,   -- out of order: waits for a younger one
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL,
    last_answer TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at) WHERE state = 'waiting';

CREATE TABLE IF NOT EXISTS behaviour (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    content TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS methods (
    id           TEXT PRIMARY KEY,
    customer     TEXT NOT NULL,               -- the seller's account id
    card         TEXT NOT NULL,               -- which test card: cards.py
    expires_on   TEXT NOT NULL,               -- the last day on which it works
    forgotten_at INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS storings (
    id           TEXT PRIMARY KEY,            -- the provider's id, part of the page's address
    storing_id   TEXT NOT NULL UNIQUE,        -- the seller's id = idempotency key
    customer     TEXT NOT NULL,
    request      TEXT NOT NULL,
    seller       TEXT NOT NULL,
    language     TEXT NOT NULL,
    return_url   TEXT NOT NULL,
    cancel_url   TEXT NOT NULL,
    status       TEXT NOT NULL DEFAULT 'pending'
                 CHECK (status IN ('pending', 'stored', 'declined', 'expired')),
    decline_code TEXT NOT NULL DEFAULT '',
    method       TEXT REFERENCES methods (id),
    opened_at    INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    CHECK ((status = 'stored') = (method IS NOT NULL))
) STRICT;
CREATE INDEX IF NOT EXISTS storings_to_expire ON storings (expires_at) WHERE status = 'pending';

CREATE TABLE IF NOT EXISTS disputes (
    id             TEXT PRIMARY KEY,
    provider_id    TEXT NOT NULL REFERENCES payments (id),
    status         TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'won', 'lost')),
    amount_minor   INTEGER NOT NULL CHECK (amount_minor > 0),
    reason         TEXT NOT NULL,
    evidence       TEXT,                      -- taken once
    evidence_until INTEGER NOT NULL,
    opened_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS disputes_by_payment ON disputes (provider_id);

-- FakeAlipay's books. Amounts are fen; instants are text in China's time, as Alipay writes them.

CREATE TABLE IF NOT EXISTS trades (
    out_trade_no TEXT PRIMARY KEY,
    trade_no     TEXT NOT NULL UNIQUE,
    amount       INTEGER NOT NULL CHECK (amount > 0),
    refunded     INTEGER NOT NULL DEFAULT 0 CHECK (refunded <= amount),
    status       TEXT NOT NULL DEFAULT 'WAIT_BUYER_PAY',
    subject      TEXT NOT NULL,
    passback     TEXT NOT NULL,
    notify_url   TEXT NOT NULL,
    return_url   TEXT NOT NULL,
    created      TEXT NOT NULL,
    expires      TEXT NOT NULL,
    paid         TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE IF NOT EXISTS refunds (
    out_trade_no   TEXT NOT NULL REFERENCES trades (out_trade_no),
    out_request_no TEXT NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount > 0),
    created        TEXT NOT NULL,
    PRIMARY KEY (out_trade_no, out_request_no)
) STRICT;

-- 5: What is disputed is claimed while it is open, and gone when it was lost; its payment counts it,
-- and what of it was on its way back is missing there.
WITH claimed AS (
  SELECT slot, order_id, sum(minor) AS minor FROM (
    SELECT t.slot, t.order_id, t.amount_minor AS minor
    FROM ledger_transfer t JOIN ledger_houseaccount h ON h.id = t.debit_id
    WHERE h.code = 'disputed' AND t.phase IN ('single', 'post')
    UNION ALL
    SELECT t.slot, t.order_id, -t.amount_minor
    FROM ledger_transfer t JOIN ledger_houseaccount h ON h.id = t.credit_id
    WHERE h.code = 'disputed' AND t.phase IN ('single', 'post')
  ) AS leg GROUP BY slot, order_id
), told AS (
  SELECT slot, order_id, coalesce(sum(booked_minor) FILTER (WHERE state = 'open'), 0) AS open_minor,
         coalesce(sum(booked_minor) FILTER (WHERE state <> 'won'), 0) AS taken_minor,
         coalesce(sum(in_transit_minor) FILTER (WHERE state <> 'won'), 0) AS in_transit_minor
  FROM payments_dispute GROUP BY slot, order_id
), by_bank AS (
  SELECT slot, order_id, sum(by_bank_minor) AS minor FROM payments_refund GROUP BY slot, order_id
), both_told AS (
  SELECT coalesce(c.slot, d.slot) AS slot, coalesce(c.order_id, d.order_id) AS order_id,
         coalesce(c.minor, 0) AS claimed_minor, coalesce(d.open_minor, 0) AS open_minor,
         coalesce(d.taken_minor, 0) AS taken_minor, coalesce(d.in_transit_minor, 0) AS in_transit_minor
  FROM claimed c FULL JOIN told d ON d.slot = c.slot AND d.order_id = c.order_id
)
SELECT coalesce(b.order_id, p.order_id) AS "order", b.claimed_minor, b.open_minor, b.taken_minor,
       p.disputed_minor, p.captured_minor, b.in_transit_minor, r.minor AS by_bank_minor
FROM both_told b FULL JOIN payments_payment p ON p.slot = b.slot AND p.order_id = b.order_id
LEFT JOIN by_bank r ON r.slot = p.slot AND r.order_id = p.order_id
WHERE coalesce(b.claimed_minor, 0) <> coalesce(b.open_minor, 0)
   OR coalesce(b.taken_minor, 0) <> coalesce(p.disputed_minor, 0)
   OR coalesce(b.in_transit_minor, 0) <> coalesce(r.minor, 0)
   OR p.disputed_minor + p.refunded_minor + p.refunding_minor > p.captured_minor

-- 17: An order's line, wallet and payment belong to the order's account, in its currency or the one
-- that was agreed; what a provider took in another one, unasked, serves no order.
SELECT o.id AS "order", o.account_id AS account, l.account_id AS line_of, w.account_id AS wallet_of,
       p.account_id AS payment_of
FROM orders_order o
LEFT JOIN lines_line l ON l.slot = o.slot AND l.id = o.line_id
LEFT JOIN ledger_wallet w ON w.slot = o.slot AND w.id = o.wallet_id
LEFT JOIN payments_payment p ON p.slot = o.slot AND p.order_id = o.id
WHERE w.account_id IS DISTINCT FROM o.account_id OR w.currency <> o.currency
   OR (o.line_id IS NOT NULL AND l.account_id IS DISTINCT FROM o.account_id)
   OR (p.id IS NOT NULL AND p.account_id <> o.account_id)
   OR (p.currency <> coalesce(o.exchange->>'currency', o.currency)
       AND (p.captured_minor = 0 OR o.state IN ('completed', 'pending', 'in_progress', 'held')))
   OR (p.id IS NULL) <> (o.payment_minor = 0)

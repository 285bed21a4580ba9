-- 1: Both legs of a transfer are a wallet of its slot or an account of the house, in its currency.
SELECT t.id AS transfer, t.currency, t.debit_id, t.credit_id
FROM ledger_transfer t
LEFT JOIN ledger_wallet dw ON dw.slot = t.slot AND dw.id = t.debit_id
LEFT JOIN ledger_houseaccount dh ON dh.id = t.debit_id
LEFT JOIN ledger_wallet cw ON cw.slot = t.slot AND cw.id = t.credit_id
LEFT JOIN ledger_houseaccount ch ON ch.id = t.credit_id
WHERE coalesce(dw.currency, dh.currency) IS DISTINCT FROM t.currency
   OR coalesce(cw.currency, ch.currency) IS DISTINCT FROM t.currency
   OR t.amount_minor <= 0

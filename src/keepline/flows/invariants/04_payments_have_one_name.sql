-- 4: A provider's own id belongs to one payment, and every payment that has one is entered.
SELECT p.id AS payment, p.provider, p.provider_payment_id, d.payment_id AS entered_for
FROM payments_payment p
LEFT JOIN payments_providerpayment d
  ON d.provider = p.provider AND d.provider_payment_id = p.provider_payment_id
WHERE p.provider_payment_id IS NOT NULL AND d.payment_id IS DISTINCT FROM p.id

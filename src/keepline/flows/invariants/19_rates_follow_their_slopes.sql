-- 19: A plan's daily revenue is the sum of its changes so far, and all of them together end at zero.
SELECT s.slot, s.plan_id, s.currency, r.rate_minor,
       sum(s.delta_minor) FILTER (WHERE s.day <= b.last_booked_on) AS changes_minor,
       sum(s.delta_minor) AS end_minor
FROM ledger_revenuebooking b CROSS JOIN ledger_revenueslope s
LEFT JOIN ledger_revenuerate r
  ON r.slot = s.slot AND r.plan_id = s.plan_id AND r.currency = s.currency
GROUP BY s.slot, s.plan_id, s.currency, r.rate_minor
HAVING coalesce(sum(s.delta_minor) FILTER (WHERE s.day <= b.last_booked_on), 0)
         <> coalesce(r.rate_minor, 0)
    OR sum(s.delta_minor) <> 0

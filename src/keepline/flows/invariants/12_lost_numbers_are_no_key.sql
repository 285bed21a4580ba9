-- 12: Nobody signs in with a number that rests, lies on the shelf or is held for somebody.
SELECT u.id AS member, n.e164 AS number, n.state
FROM accounts_user u
JOIN inventory_number n ON n.e164 = substr(u.phone, 2)::bigint
WHERE u.phone IS NOT NULL AND u.phone_verified
  AND n.state NOT IN ('assigned', 'recall', 'ported_out', 'expected')

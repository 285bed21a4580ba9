-- 13: A number that was withdrawn rests: for long enough, held by nobody, reclaimable only meanwhile.
SELECT n.e164, n.since_at, n.until_at, n.reclaim_until
FROM inventory_number n
WHERE n.state = 'quarantine'
  AND (n.until_at IS NULL OR n.until_at < n.since_at + interval '45 days'
       OR n.reclaim_until > n.until_at
       OR EXISTS (SELECT FROM inventory_ownershipperiod p
                  WHERE p.slot = n.slot AND p.e164 = n.e164 AND p.ends_at IS NULL))
UNION ALL
SELECT p.e164, p.follows_at, p.begins_at, NULL
FROM inventory_ownershipperiod p
JOIN inventory_ownershipperiod before
  ON before.slot = p.slot AND before.e164 = p.e164 AND before.ends_at = p.follows_at
WHERE p.account_id <> before.account_id AND p.begins_at < p.follows_at + interval '45 days'
  AND NOT EXISTS (  -- whom the other operator had given it to brought it along
    SELECT FROM porting_portin i
    WHERE i.slot = get_byte(uuid_send(p.line_id), 7) AND i.line_id = p.line_id
      AND i.e164 = p.e164 AND i.state = 'ported')

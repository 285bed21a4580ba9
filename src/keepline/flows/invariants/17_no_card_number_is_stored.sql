-- 17: No card number stands in what providers told us.
-- 14 to 19 digits, perhaps grouped, that begin as cards do (ISO/IEC 7812: 2 to 6) and pass Luhn's
-- check; ids in the shape of a UUID are no cards.
WITH told AS (
  SELECT id, regexp_replace(
    body, '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', '', 'gi') AS body
  FROM payments_providerevent WHERE body ~ '[2-6]([ -]?[0-9]){13}'
), candidate AS (
  SELECT told.id, regexp_replace(found[1], '[^0-9]', '', 'g') AS digits
  FROM told, regexp_matches(
    told.body, '(?<![0-9A-Za-z_.])([2-6](?:[ -]?[0-9]){13,18})(?![0-9A-Za-z_])', 'g') AS found
), checked AS (
  SELECT c.id, right(c.digits, 4) AS ends_with, sum(
    CASE WHEN (length(c.digits) - place) %% 2 = 0 THEN d.digit::int
         WHEN d.digit::int > 4 THEN 2 * d.digit::int - 9 ELSE 2 * d.digit::int END) AS luhn
  FROM candidate c, regexp_split_to_table(c.digits, '') WITH ORDINALITY AS d(digit, place)
  GROUP BY c.id, c.digits
)
SELECT id AS webhook, ends_with FROM checked WHERE luhn %% 10 = 0

-- 18: A seller's receipt numbers run from 1 to the last one given, each once, to completed orders only.
WITH given AS (
  SELECT seller, count(*) AS orders, count(DISTINCT receipt_number) AS numbers,
         min(receipt_number) AS first, max(receipt_number) AS last,
         count(*) FILTER (WHERE state <> 'completed' OR kind = 'opening') AS undue
  FROM orders_order WHERE receipt_number IS NOT NULL GROUP BY seller
)
SELECT coalesce(g.seller, s.seller) AS seller, g.orders, g.numbers, g.first, g.last, s.last_number
FROM given g FULL JOIN orders_receiptseries s ON s.seller = g.seller
WHERE coalesce(g.last, 0) <> coalesce(s.last_number, 0) OR g.numbers <> g.last
   OR g.orders <> g.numbers OR g.first <> 1 OR g.undue > 0

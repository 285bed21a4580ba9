-- 11: Every step in a line's history is an edge of its table, and states are words of theirs.
SELECT e.id AS row, 'line' AS of, e.source || ' ' || e.event || ' ' || e.target AS said
FROM lines_lineevent e
WHERE (e.source, e.event, e.target) NOT IN (
  SELECT * FROM unnest(%(edge_sources)s::text[], %(edge_events)s::text[], %(edge_targets)s::text[]))
UNION ALL
SELECT id, 'line', state FROM lines_validity WHERE state <> ALL (%(line_states)s::text[])
UNION ALL
SELECT id, 'order', state FROM orders_order WHERE state <> ALL (%(order_states)s::text[])
UNION ALL
SELECT id, 'payment', state FROM payments_payment WHERE state <> ALL (%(payment_states)s::text[])
UNION ALL
SELECT id, 'number', state FROM inventory_number WHERE state <> ALL (%(number_states)s::text[])
UNION ALL
SELECT id, 'card', state FROM inventory_card WHERE state <> ALL (%(card_states)s::text[])
UNION ALL
SELECT id, 'profile', state FROM inventory_profile WHERE state <> ALL (%(profile_states)s::text[])
UNION ALL
SELECT id, 'port_in', state FROM porting_portin WHERE state <> ALL (%(port_in_states)s::text[])
UNION ALL
SELECT id, 'port_out', state FROM porting_portout WHERE state <> ALL (%(port_out_states)s::text[])
UNION ALL
SELECT id, 'refund', state FROM payments_refund WHERE state <> ALL (%(refund_states)s::text[])
UNION ALL
SELECT id, 'dispute', state FROM payments_dispute WHERE state <> ALL (%(dispute_states)s::text[])

-- 17: Every row lies in the slot that its id tells (its eighth byte).
SELECT 'ledger_wallet' AS of, id AS row FROM ledger_wallet WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'ledger_transfer', id FROM ledger_transfer WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'orders_order', id FROM orders_order WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'payments_payment', id FROM payments_payment WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'lines_line', id FROM lines_line WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'lines_validity', id FROM lines_validity WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'lines_extension', id FROM lines_extension WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'messages_outbox', id FROM messages_outbox WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'messages_delivery', id FROM messages_delivery WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'lines_reversal', id FROM lines_reversal WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'inventory_card', id FROM inventory_card WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'inventory_profile', id FROM inventory_profile WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'payments_dispute', id FROM payments_dispute WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'porting_portin', id FROM porting_portin WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'porting_portout', id FROM porting_portout WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'payments_refund', id FROM payments_refund WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'payments_savedmethod', id FROM payments_savedmethod WHERE slot <> get_byte(uuid_send(id), 7)
UNION ALL
SELECT 'inventory_profilenotice', id FROM inventory_profilenotice WHERE slot <> get_byte(uuid_send(id), 7)

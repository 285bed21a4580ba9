-- 2: Rows that are facts are guarded against change by a trigger, and by grant where roles differ.
SELECT facts.name AS unguarded_table
FROM unnest(ARRAY['ledger_transfer', 'lines_extension', 'lines_reversal', 'lines_lineevent',
                  'audit_auditevent'])
  AS facts(name)
WHERE NOT EXISTS (
  SELECT FROM pg_trigger t
  WHERE t.tgrelid = facts.name::regclass AND t.tgname = facts.name || '_append_only'
    AND t.tgenabled IN ('O', 'A')
)

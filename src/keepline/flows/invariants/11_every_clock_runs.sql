-- 11: A line whose time runs has a next step that its state knows; no other line has one.
SELECT v.id AS line, v.state, v.dormant, v.next_step, v.next_action_at
FROM lines_validity v
WHERE CASE WHEN v.dormant OR v.state <> ALL (%(timed_states)s::text[])
           THEN v.next_step IS NOT NULL OR v.next_action_at IS NOT NULL
           ELSE v.next_step IS NULL OR v.next_action_at IS NULL
             OR (v.state, v.next_step::int) NOT IN (
               SELECT * FROM unnest(%(step_states)s::text[], %(steps)s::int[])) END

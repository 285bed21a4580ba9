"""Migration operations that every sharded table needs."""

from django.db.migrations import RunSQL


def slotted_primary_key(*tables: str) -> RunSQL:
    """Replaces the primary key (id) by (slot, id)."""
    return RunSQL(
        [f"ALTER TABLE {t} DROP CONSTRAINT {t}_pkey, ADD PRIMARY KEY (slot, id)" for t in tables],
        [f"ALTER TABLE {t} DROP CONSTRAINT {t}_pkey, ADD PRIMARY KEY (id)" for t in tables],
    )


def slotted_reference(table: str, column: str, target: str) -> RunSQL:
    """A composite foreign key (slot, column) -> target (slot, id), for cold tables only."""
    name = f"{table}_{column}_slot_fk"
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (slot, {column}) "
        f"REFERENCES {target} (slot, id)",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def append_only(*tables: str) -> RunSQL:
    """Second guard beside the grants: UPDATE and DELETE of facts are refused by a trigger.

    Citus refuses triggers unless told otherwise; there the grants stand alone.
    """
    create = """
    CREATE OR REPLACE FUNCTION keepline_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'rows of % are facts and never change', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
    END $$
    """
    triggers = [
        f"CREATE TRIGGER {t}_append_only BEFORE UPDATE OR DELETE ON {t} "
        "FOR EACH ROW EXECUTE FUNCTION keepline_refuse_change()"
        for t in tables
    ]
    return RunSQL(
        [create, *triggers],
        [f"DROP TRIGGER {t}_append_only ON {t}" for t in tables],
    )


def leave_room(table: str) -> RunSQL:
    """Hot rows are updated in place: pages keep a fifth free, and vacuum comes early."""
    return RunSQL(
        f"ALTER TABLE {table} SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)",
        f"ALTER TABLE {table} RESET (fillfactor, autovacuum_vacuum_scale_factor)",
    )

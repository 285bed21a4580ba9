"""What the runtime role may do: use every table, change no fact.

The tables belong to the owner role, which only migrations use. Rows of the append-only tables are
facts: the runtime role may add them and never update or delete them: what the ledger
and the histories prove, nobody can have changed. A trigger is the second guard.
"""

import psycopg
from psycopg import sql

APPEND_ONLY_TABLES = (
    "ledger_transfer",
    "lines_extension",
    "lines_reversal",
    "lines_lineevent",
    "audit_auditevent",
)


def grant_runtime(owner_url: str, runtime_role: str) -> None:
    """Give `runtime_role` its rights in the database at `owner_url`, in one transaction.

    Safe to repeat. Rights on partitions are withdrawn too, or a fact could be changed by naming
    its partition. Rows go through the parent, so partitions made later need no rights.
    """
    role = sql.Identifier(runtime_role)
    with psycopg.connect(owner_url) as connection:
        # An import stages its rows in a table of its own session.
        staging = sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}")
        connection.execute(staging.format(sql.Identifier(connection.info.dbname), role))
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
        ):
            connection.execute(sql.SQL(statement).format(role))
        withdrawing = sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}")
        for table in _with_partitions(connection):
            connection.execute(withdrawing.format(sql.Identifier(table), role))


def _with_partitions(connection: psycopg.Connection[tuple[str]]) -> list[str]:
    """The append-only tables that exist, and their partitions."""
    found = connection.execute(
        """
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND (c.relname = ANY(%(names)s) OR EXISTS (
            SELECT FROM unnest(%(names)s::text[]) AS name
            WHERE c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass('public.' || name)))))
        """,
        {"names": list(APPEND_ONLY_TABLES)},
    )
    return [name for (name,) in found]

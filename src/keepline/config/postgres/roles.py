"""The two roles and the database: `keepline_owner` makes tables, `keepline_app` only uses them."""

import psycopg
from psycopg import sql

from keepline.config.postgres.cluster import OWNER_ROLE, RUNTIME_ROLE

DATABASE = "keepline"


def ensure_roles_and_database(superuser_url: str) -> None:
    """Make what is missing; changes nothing otherwise. CREATEDB lets the owner make test bases."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        if OWNER_ROLE not in known:
            connection.execute(f"CREATE ROLE {OWNER_ROLE} LOGIN CREATEDB")
        if RUNTIME_ROLE not in known:
            connection.execute(f"CREATE ROLE {RUNTIME_ROLE} LOGIN")
        asked = "SELECT FROM pg_database WHERE datname = %s"
        if connection.execute(asked, [DATABASE]).fetchone() is not None:
            return
        name = sql.Identifier(DATABASE)
        making = sql.SQL("CREATE DATABASE {} OWNER {}")
        connection.execute(making.format(name, sql.Identifier(OWNER_ROLE)))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        granting = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
        connection.execute(granting.format(name, sql.Identifier(RUNTIME_ROLE)))

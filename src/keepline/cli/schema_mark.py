"""A mark in the database that says which migrations it has seen: a start need not ask Django.

The mark is a comment on the schema. It only spares work: without it, or with another one,
everything is migrated as ever.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path

from psycopg import sql

import keepline

# Packages that bring tables of their own.
WITH_TABLES = ("django", "django-allauth", "procrastinate")


def expected(runtime_role: str) -> str:
    """The mark of a database that these files have migrated and granted to `runtime_role`."""
    digest = hashlib.sha256(f"{runtime_role}\n".encode())
    for name in WITH_TABLES:
        digest.update(f"{name} {version(name)}\n".encode())
    package = Path(keepline.__path__[0])
    code = [*package.glob("*/migrations/*.py"), package / "config" / "grants.py"]
    for path in sorted(code):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return f"keepline schema {digest.hexdigest()[:32]}"


def unapplied(owner_url: str) -> list[str]:
    """Migrations of these files that the database has not seen, as `lines.0001_initial`."""
    import psycopg

    files = Path(keepline.__path__[0]).glob("*/migrations/[0-9]*.py")
    wanted = {f"{path.parent.parent.name}.{path.stem}" for path in files}
    with psycopg.connect(owner_url) as connection:
        table = connection.execute("SELECT to_regclass('public.django_migrations')").fetchone()
        if table == (None,):
            return sorted(wanted)
        seen = connection.execute("SELECT app || '.' || name FROM django_migrations")
        # A room whose name Django has already bears ours before it: keepline_messages.
        return sorted(wanted - {name.removeprefix("keepline_") for (name,) in seen})


def write(owner_url: str, runtime_role: str) -> None:
    """Mark the database as up to date."""
    import psycopg

    with psycopg.connect(owner_url) as connection:
        mark = sql.Literal(expected(runtime_role))
        connection.execute(sql.SQL("COMMENT ON SCHEMA public IS {}").format(mark))


def is_current(runtime_url: str) -> bool:
    """Whether the database bears the mark of these files and of the role in `runtime_url`."""
    import psycopg

    asked = "SELECT obj_description('public'::regnamespace, 'pg_namespace')"
    with psycopg.connect(runtime_url) as connection:
        return connection.execute(asked).fetchone() == (expected(connection.info.user),)

"""Databases that are copies of one another on one server, and arms run in them."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from bench.installation import Installation
from bench.meter import Cost
from keepline.config.postgres import EmbeddedPostgres

# Both tables that a sweep updates, and the indexes of all that it looks into or adds to.
SWEPT_PAGES = """
WITH swept AS (
  SELECT unnest('{lines_validity,ledger_wallet,accounts_account,orders_order,lines_extension,
                  ledger_transfer}'::regclass[]) AS id
)
SELECT pg_prewarm(id) FROM (
  SELECT indexrelid AS id FROM pg_index JOIN swept ON swept.id = indrelid
  UNION ALL VALUES ('lines_validity'::regclass), ('ledger_wallet'::regclass)
) AS wanted
"""


@dataclass(frozen=True)
class Figures:
    """One run of an arm, per line: what rounds are compared by."""

    lines: int
    per_s: float
    cpu_us: float
    client_us: float
    wal_bytes: float
    wal_record_bytes: float  # without images of whole pages


class Server:
    """The installation's server, as superuser: copies, checkpoints, the log's own statistics."""

    def __init__(self, inst: Installation) -> None:
        self.inst = inst
        self.postgres = EmbeddedPostgres(inst.folder)
        self.db = psycopg.connect(self.postgres.url("postgres", "postgres"), autocommit=True)
        self.db.execute("CREATE EXTENSION IF NOT EXISTS pg_walinspect")
        # A checkpoint must not take away the log of an arm before it was looked at.
        self.keep_log("4GB")

    def keep_log(self, size: str) -> None:
        """How much of the log stays for looking at: it is not written over before."""
        self.db.execute(f"ALTER SYSTEM SET wal_keep_size = '{size}'".encode())
        self.db.execute("SELECT pg_reload_conf()")

    def make_log_files(self, count: int) -> None:
        """Makes files of the log that will be written over, as on a server that ran for a day.

        Whoever commits when a file is full, and there is none to reuse, makes the next one.
        """
        for _ in range(count):
            self.db.execute("SELECT pg_logical_emit_message(false, 'bench', '')")
            self.db.execute("SELECT pg_switch_wal()")

    def copy(self, source: str, name: str) -> None:
        """A fresh copy of a database nobody is connected to; then every page is on disk."""
        self.drop(name)
        self.db.execute(
            f"CREATE DATABASE {name} TEMPLATE {source} OWNER keepline_owner"
            " STRATEGY file_copy".encode()
        )
        self.db.execute("CHECKPOINT")

    def create(self, name: str) -> None:
        """An empty database of the owner's."""
        self.drop(name)
        self.db.execute(f"CREATE DATABASE {name} OWNER keepline_owner".encode())

    def drop(self, name: str) -> None:
        self.db.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())

    def environ(self, database: str, role: str = "keepline_app") -> dict[str, str]:
        """The environment of a process that works in `database`."""
        return {
            **self.inst.environ,
            "KEEPLINE_DATABASE_URL": self.postgres.url(role, database),
            "KEEPLINE_DATABASE_OWNER_URL": self.postgres.url("keepline_owner", database),
        }

    def asked(self, database: str, statement: str, *params: object) -> list[tuple[Any, ...]]:
        """A question of the bench's own, as the owner."""
        with psycopg.connect(self.postgres.url("keepline_owner", database)) as db:
            return db.execute(statement.encode(), params).fetchall()

    def warm(self, database: str) -> None:
        """Reads the pages that a sweep looks for into memory: a server that has run has them."""
        with psycopg.connect(self.postgres.url("postgres", database)) as db:
            db.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
            db.execute(SWEPT_PAGES)

    def arm(self, database: str, name: str, now: datetime, limit: int = 0) -> Figures:
        """Runs an arm of this house in `database`."""
        return self.figures(Cost(**self.told(database, name, now, limit)["cost"]))

    def told(self, database: str, name: str, now: datetime, limit: int = 0) -> dict[str, Any]:
        """What bench.sweep_arm says. Raises when the books are not clean afterwards."""
        command = [sys.executable, "-m", "bench.sweep_arm", name, now.isoformat(), str(limit)]
        answer = last_line(command, self.environ(database))
        if answer.get("broken"):
            raise RuntimeError(f"{name} broke the books: {answer['broken']}")
        return answer

    def figures(self, cost: Cost) -> Figures:
        """Per line; asks the server's log what of it were images of whole pages."""
        rows = self.db.execute(
            "SELECT sum(record_size)::bigint, sum(fpi_size)::bigint"
            " FROM pg_get_wal_stats(%s::pg_lsn, %s::pg_lsn)",
            (cost.wal_from, cost.wal_to),
        ).fetchone()
        assert rows is not None
        if cost.lines == 0:
            raise RuntimeError("the arm found nothing to do")
        return Figures(
            lines=cost.lines,
            per_s=cost.lines / cost.seconds,
            cpu_us=(cost.client_us + cost.server_us) / cost.lines,
            client_us=cost.client_us / cost.lines,
            wal_bytes=(rows[0] + rows[1]) / cost.lines,
            wal_record_bytes=rows[0] / cost.lines,
        )


def last_line(command: list[str], environ: dict[str, str]) -> dict[str, Any]:
    """Runs a program to its end; what it printed last, as JSON."""
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        command, env=environ, cwd=root, check=False, stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}")
    return dict(json.loads(done.stdout.splitlines()[-1]))

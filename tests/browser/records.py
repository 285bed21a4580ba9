"""What the database of an installation says, read with SQL of its own, past Keepline's code."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from keepline.config.postgres import EmbeddedPostgres
from tests.cli.test_commands import OWN


class Buckets(NamedTuple):
    """What is left, or what a plan gives."""

    data_bytes: int
    voice_seconds: int
    sms_count: int

    def plus(self, other: "Buckets") -> "Buckets":
        return Buckets(*(one + two for one, two in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Standing:
    """A line and the wallet that pays it, at one moment. GBP pence."""

    valid_until: datetime
    buckets: Buckets
    free_minor: int


LEFT = """
SELECT coalesce(sum(e.data_bytes - coalesce(u.data_bytes, 0)), 0)::bigint AS data_bytes,
       coalesce(sum(e.voice_seconds - coalesce(u.voice_seconds, 0)), 0)::bigint AS voice_seconds,
       coalesce(sum(e.sms_count - coalesce(u.sms_count, 0)), 0)::bigint AS sms_count
FROM lines_extension e LEFT JOIN usage_bucketuse u ON u.slot = e.slot AND u.id = e.id
WHERE e.line_id = %s AND e.period_end > now()
"""
# Money of a wallet from its movements alone, without the balance that is kept beside them.
MOVED = """
SELECT coalesce(sum(CASE WHEN credit_id = %(wallet)s THEN amount_minor ELSE -amount_minor END), 0)
       ::bigint
FROM ledger_transfer WHERE phase IN ('single', 'post') AND %(wallet)s IN (debit_id, credit_id)
"""


class Records:
    """The database of the demo in `data`, whose portal is at `address`."""

    def __init__(self, data: Path, address: str) -> None:
        self.address = address
        self.data = data
        self.smdp_port = int(address.rpartition(":")[2]) + 2
        self._url = EmbeddedPostgres(data).url("keepline_owner")

    def rows(self, statement: str, params: Any = ()) -> Sequence[Any]:
        with psycopg.connect(self._url, row_factory=namedtuple_row) as connection:
            return connection.execute(statement.encode(), params).fetchall()

    def row(self, statement: str, params: Any = ()) -> Any:
        [only] = self.rows(statement, params)
        return only

    def standing(self, line_id: UUID) -> Standing:
        clock = self.row(
            "SELECT valid_until, wallet_id FROM lines_validity WHERE id = %s", [line_id]
        )
        return Standing(
            clock.valid_until,
            Buckets(*self.row(LEFT, [line_id])),
            self.free_minor(clock.wallet_id),
        )

    def free_minor(self, wallet_id: UUID) -> int:
        """The kept balance, after it was compared with the movements."""
        kept = self.row(
            "SELECT posted_minor, pending_minor FROM ledger_wallet WHERE id = %s", [wallet_id]
        )
        assert kept.posted_minor == self.row(MOVED, {"wallet": wallet_id})[0]
        assert kept.pending_minor == 0
        return int(kept.posted_minor)

    def line(self, label: str) -> UUID:
        found: UUID = self.row("SELECT id FROM lines_line WHERE label = %s", [label]).id
        return found

    def wallet_of(self, line_id: UUID) -> UUID:
        found: UUID = self.row(
            "SELECT wallet_id FROM lines_validity WHERE id = %s", [line_id]
        ).wallet_id
        return found

    def order(self, order_id: UUID) -> Any:
        return self.row("SELECT * FROM orders_order WHERE id = %s", [order_id])

    def newest_order(self) -> Any:
        return self.row("SELECT * FROM orders_order ORDER BY accepted_at DESC LIMIT 1")

    def plan(self, code: str) -> Any:
        return self.row("SELECT * FROM catalog_plan WHERE code = %s", [code])

    def through_wallet_minor(self, order_id: UUID, wallet_id: UUID) -> int:
        """What the order's movements left in the wallet: less than 0 when it paid."""
        statement = f"{MOVED} AND order_id = %(order)s"
        return int(self.row(statement, {"wallet": wallet_id, "order": order_id})[0])

    def check_ledger(self) -> subprocess.CompletedProcess[str]:
        """`keepline check-ledger`, as an operator runs it beside the demo."""
        environment = {name: value for name, value in os.environ.items() if name not in OWN}
        return subprocess.run(
            [sys.executable, "-m", "keepline.cli.main", "check-ledger"],
            env={**environment, "KEEPLINE_DATA": str(self.data)},
            capture_output=True,
            text=True,
            timeout=60,
        )

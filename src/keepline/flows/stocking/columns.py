"""Columns of the three files, and what a judged row carries into the database."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FileKind:
    """One kind of file. `secret` columns are repeated in no report."""

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    staged: tuple[str, ...]  # one line of COPY; the slot comes first
    secret: frozenset[str] = frozenset()


FILES: Mapping[str, FileKind] = {
    "numbers": FileKind(
        columns=("msisdn", "pool", "last_used_on"),
        needed=("msisdn", "pool"),
        staged=(
            "slot",
            "id",
            "e164",
            "line_number",
            "pool_id",
            "state",
            "since_at",
            "until_at",
            "rested_since",
            "said_msisdn",
            "said_pool",
        ),
    ),
    "cards": FileKind(
        columns=("iccid", "pool", "imsi", "pin", "puk", "pin2", "puk2"),
        needed=("iccid", "pool"),
        staged=(
            "slot",
            "id",
            "iccid",
            "line_number",
            "pool_id",
            "imsi",
            "sealed",
            "said_iccid",
            "said_pool",
        ),
        secret=frozenset({"pin", "puk", "pin2", "puk2"}),
    ),
    "profiles": FileKind(
        columns=(
            "iccid",
            "pool",
            "imsi",
            "activation_code",
            "smdp_address",
            "matching_id",
            "confirmation_code",
        ),
        needed=("iccid", "pool"),
        staged=(
            "slot",
            "id",
            "iccid",
            "line_number",
            "pool_id",
            "imsi",
            "sealed",
            "smdp_address",
            "matching_id",
            "smdp_oid",
            "activation",
            "said_iccid",
            "said_pool",
        ),
        secret=frozenset({"activation_code", "matching_id", "confirmation_code"}),
    ),
}

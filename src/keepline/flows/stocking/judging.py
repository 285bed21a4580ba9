"""Judges one row of stock by itself: words into typed values, or what is wrong with which field.

What a row says against other rows or against stock is judged in sets (statements.py).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from keepline.core.identifiers import (
    ActivationCode,
    IdentifierError,
    parse_activation_code,
    parse_imsi,
)
from keepline.core.ids import slot_of_text
from keepline.flows.importing.fields import (
    RowRefused,
    card_of,
    cell_of,
    instant_of,
    number_of,
    readable,
)
from keepline.flows.importing.judging import CLOCKS_DIFFER, NULL, Refusal
from keepline.flows.stocking.columns import FILES
from keepline.inventory.naming import activation_key, number_id, sim_id
from keepline.inventory.sealing import Sealer

HIDDEN = "(hidden)"
A_DAY = timedelta(days=1)
CODES = {  # ETSI TS 102 221, 9.5: a PIN has 4 to 8 digits, what unblocks it 8
    "pin": re.compile(r"\d{4,8}", re.ASCII),
    "puk": re.compile(r"\d{8}", re.ASCII),
    "pin2": re.compile(r"\d{4,8}", re.ASCII),
    "puk2": re.compile(r"\d{8}", re.ASCII),
}
CONFIRMATION_CODE = re.compile(r"[!-~]{1,64}")
LONGEST_OID = 128


@dataclass(frozen=True)
class PoolFacts:
    """What a row's pool must be known for; empty ranges and prefixes take all."""

    pool_id: int
    kind: str
    ranges: tuple[tuple[int, int], ...]
    iccid_prefixes: tuple[str, ...]
    imsi_prefixes: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """The operator's pools and keys, as plain values that travel to the judging process."""

    pools: Mapping[str, PoolFacts]
    keys: Sequence[bytes] = field(repr=False)
    rests: timedelta  # between two holders, by law
    date_form: str | None
    now: datetime


class _Reader(Protocol):
    """Reads rows of one kind into lines of COPY. Raises RowRefused."""

    def line(self, number: int, values: Sequence[str]) -> str:
        """The row as FileKind.staged has it."""


class StockJudge:
    """Judges rows of one kind of file (columns.FILES)."""

    def __init__(self, name: str, known: Known) -> None:
        self.name, self.known = name, known
        self._reader: _Reader | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"name": self.name, "known": self.known, "_reader": None}  # ciphers do not travel

    def slot_of(self, values: Sequence[str]) -> int:
        """Rows that could not be read are reported with the slot of what they say."""
        return slot_of_text(values[0])

    def judge(self, line_number: int, values: Sequence[str]) -> str | Refusal:
        """The row as a line of COPY, or the first thing that is wrong with it.

        `values` in the order of the file's columns.
        """
        reader = self._reader = self._reader or READERS[self.name](self.known)
        file = FILES[self.name]
        try:
            readable(values, file.columns)
            return reader.line(line_number, values)
        except RowRefused as refused:
            said = values[file.columns.index(refused.field)]
            shown = HIDDEN if said and refused.field in file.secret else said
            return Refusal(line_number, refused.field, shown, refused.reason)


class _Numbers:
    def __init__(self, known: Known) -> None:
        self.known = known

    def line(self, number: int, values: Sequence[str]) -> str:
        msisdn, pool_code, last_used_on = values
        e164 = number_of(msisdn)
        if e164 is None:
            raise RowRefused("msisdn", "missing")
        pool = _pool(self.known, "number", pool_code)
        if pool.ranges and not any(first <= e164 <= last for first, last in pool.ranges):
            raise RowRefused("msisdn", "outside_the_pool")
        row_id = number_id(e164)
        return (
            f"{slot_of_text(str(e164)):03}\t{row_id.hex}\t{e164}\t{number}\t{pool.pool_id}\t"
            f"{self._age(last_used_on)}\t{cell_of(msisdn)}\t{cell_of(pool_code)}\n"
        )

    def _age(self, last_used_on: str) -> str:
        """State, since when, until when, rested since when: a number that somebody had of late
        rests first. Its rest begins when that day is over everywhere."""
        now = self.known.now
        if not last_used_on:
            return f"available\t{now.isoformat()}\t{NULL}\t{NULL}"
        day, _ = instant_of("last_used_on", last_used_on, "UTC", self.known.date_form)
        if day > now + CLOCKS_DIFFER:
            raise RowRefused("last_used_on", "in_the_future")
        left_at = min(day + A_DAY, now)
        free_at = day + A_DAY + self.known.rests
        if free_at <= now:
            return f"available\t{now.isoformat()}\t{NULL}\t{left_at.isoformat()}"
        return f"quarantine\t{left_at.isoformat()}\t{free_at.isoformat()}\t{left_at.isoformat()}"


class _Cards:
    def __init__(self, known: Known) -> None:
        self.known, self.sealer = known, Sealer(known.keys)

    def line(self, number: int, values: Sequence[str]) -> str:
        iccid, pool, imsi = _sim(self.known, "card", values[:3])
        codes = {name: text for name, text in zip(CODES, values[3:], strict=True) if text}
        for name, text in codes.items():
            if not CODES[name].fullmatch(text):
                raise RowRefused(name, "malformed")
        sealed = self.sealer.seal(iccid, codes) if codes else ""
        return f"{_sim_cells(iccid, number, pool, imsi, sealed)}\t{_said(values)}\n"


class _Profiles:
    def __init__(self, known: Known) -> None:
        self.known, self.sealer = known, Sealer(known.keys)

    def line(self, number: int, values: Sequence[str]) -> str:
        iccid, pool, imsi = _sim(self.known, "profile", values[:3])
        code = _activation(*values[3:6])
        confirmation_code = values[6]
        if confirmation_code and not CONFIRMATION_CODE.fullmatch(confirmation_code):
            raise RowRefused("confirmation_code", "malformed")
        if code.confirmation_required and not confirmation_code:
            raise RowRefused("confirmation_code", "missing")
        if confirmation_code and not code.matching_id:
            raise RowRefused("matching_id", "missing")
        sealed = ""
        if confirmation_code:
            sealed = self.sealer.seal(iccid, {"confirmation_code": confirmation_code})
        activation = activation_key(code.smdp_address, code.matching_id)
        return (
            f"{_sim_cells(iccid, number, pool, imsi, sealed)}\t{code.smdp_address}\t"
            f"{code.matching_id}\t{code.smdp_oid}\t{activation or NULL}\t{_said(values)}\n"
        )


READERS: Mapping[str, type[_Numbers] | type[_Cards] | type[_Profiles]] = {
    "numbers": _Numbers,
    "cards": _Cards,
    "profiles": _Profiles,
}


def _pool(known: Known, kind: str, code: str) -> PoolFacts:
    pool = known.pools.get(code)
    if pool is None:
        raise RowRefused("pool", "unknown" if code else "missing")
    if pool.kind != kind:
        raise RowRefused("pool", "of_another_kind")
    return pool


def _sim(known: Known, kind: str, values: Sequence[str]) -> tuple[str, PoolFacts, str]:
    """ICCID, pool and IMSI ("" when not known), each by its form and by the pool's prefixes."""
    iccid = card_of(values[0])
    if iccid is None:
        raise RowRefused("iccid", "missing")
    pool = _pool(known, kind, values[1])
    imsi = ""
    if values[2]:
        try:
            imsi = parse_imsi(values[2])
        except IdentifierError as error:
            raise RowRefused("imsi", error.reason) from None
    if pool.iccid_prefixes and not iccid.startswith(pool.iccid_prefixes):
        raise RowRefused("iccid", "outside_the_pool")
    if imsi and pool.imsi_prefixes and not imsi.startswith(pool.imsi_prefixes):
        raise RowRefused("imsi", "outside_the_pool")
    return iccid, pool, imsi


def _activation(text: str, smdp_address: str, matching_id: str) -> ActivationCode:
    """What the code says, or its parts; where both are written they must agree.

    Without either the profile has to be ordered, and address and matching id are empty.
    """
    if not text and not smdp_address and not matching_id:
        return ActivationCode("", "")
    if not text and not smdp_address:
        raise RowRefused("smdp_address", "missing")
    try:
        code = parse_activation_code(text or f"1${smdp_address}${matching_id}")
    except IdentifierError as error:
        at = error.reason if error.reason == "matching_id" else "smdp_address"
        raise RowRefused("activation_code" if text else at, error.reason) from None
    if len(code.smdp_oid) > LONGEST_OID:
        raise RowRefused("activation_code", "oid")
    if not code.matching_id and text:
        raise RowRefused("activation_code", "matching_id")  # it would open any profile's download
    for name, part in (("smdp_address", smdp_address), ("matching_id", matching_id)):
        if part and part.lower() != str(getattr(code, name)).lower():
            raise RowRefused(name, "differs_from_activation_code")
    return code


def _sim_cells(iccid: str, number: int, pool: PoolFacts, imsi: str, sealed: str) -> str:
    return (
        f"{slot_of_text(iccid):03}\t{sim_id(iccid).hex}\t{iccid}\t{number}\t{pool.pool_id}\t"
        f"{imsi or NULL}\t{sealed}"
    )


def _said(values: Sequence[str]) -> str:
    return f"{cell_of(values[0])}\t{cell_of(values[1])}"

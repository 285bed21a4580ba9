"""Judges one row by itself: words into typed values, or a refusal that names field and reason.

What a row says against other rows or against the base is judged in sets (statements.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from keepline.core.ids import derived_bytes, derived_three, make_id, slot_of_text
from keepline.core.money import is_currency
from keepline.flows.importing.fields import (
    RowRefused,
    card_of,
    cell_of,
    email_of,
    instant_of,
    language_of,
    minor_units_of,
    number_of,
    readable,
    switch_of,
    zone_of,
)
from keepline.flows.importing.reading import COLUMNS, Layout

EPOCH_MS = 1_577_836_800_000  # 2020-01-01: ids of a base follow from its content, not from a clock
ROOTS = [make_id(slot, EPOCH_MS, 0) for slot in range(256)]
ROOT_BYTES = [root.bytes for root in ROOTS]
ROOT_HEX = [root.hex[:16] for root in ROOTS]  # what all ids of a slot begin with
VARIANT = 1 << 63
NUMBERED = frozenset({"virtual_number", "keep_alive", "travel_sim"})  # kinds with a number
LONGEST_REF, LONGEST_NAME = 64, 120
TERM_GUESSED = timedelta(days=30)  # of a line whose beginning nobody wrote down
CLOCKS_DIFFER = timedelta(days=1)
NULL = "\\N"  # in COPY's text format


class Refusal(NamedTuple):
    """Why a row stays out."""

    line_number: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True)
class PlanFacts:
    """What a row's plan must be known for."""

    plan_id: int
    policy_id: int
    line_kind: str
    currencies: frozenset[str]
    carriers: tuple[int, ...]


@dataclass(frozen=True)
class Known:
    """The operator's catalogue, as plain values that travel to the judging process."""

    plans: Mapping[str, PlanFacts]
    carriers: Mapping[str, int]
    now: datetime


# One line of COPY. The slot comes first: sorted lines fill the indexes from left to right.
STAGED = (
    "slot",
    "account_id",
    "account_ref",
    "line_number",
    "name",
    "email",
    "phone",
    "language",
    "time_zone",
    "currency",
    "balance_minor",
    "wallet_id",
    "opening_id",
    "line_kind",
    "e164",
    "number_slot",
    "number_id",
    "period_id",
    "iccid",
    "carrier_id",
    "plan_id",
    "policy_id",
    "line_id",
    "order_id",
    "extension_id",
    "activated_at",
    "valid_until",
    "auto_renew",
    # As the file says it, for the report.
    "said_balance",
    "said_msisdn",
    "said_iccid",
)


class Judge:
    """Reads rows of one layout against one catalogue."""

    def __init__(self, layout: Layout, known: Known) -> None:
        self.known = known
        self.decimal_mark = layout.decimal_mark
        self.date_form = layout.date_form
        self.begun_before = known.now + CLOCKS_DIFFER

    def judge(self, line_number: int, values: Sequence[str]) -> str | Refusal:
        """The row as a line of COPY into STAGED, or the first thing that is wrong with it.

        `values` in the order of COLUMNS.
        """
        try:
            return self._staged(line_number, values)
        except RowRefused as refused:
            said = values[COLUMNS.index(refused.field)]
            return Refusal(line_number, refused.field, said, refused.reason)

    def slot_of(self, values: Sequence[str]) -> int:
        """The slot that the row's account has."""
        return slot_of_text(values[0])

    def _staged(self, line_number: int, values: Sequence[str]) -> str:
        ref, name, email, phone, language, zone, currency, balance, kind = values[:9]
        msisdn, iccid, carrier, plan_code, activated_at, valid_until, auto_renew = values[9:]
        readable(values, COLUMNS)
        _fits(ref, name)
        zone = zone_of(zone)
        plan = self._plan(plan_code, kind, currency)
        e164, card = number_of(msisdn), card_of(iccid)
        if e164 is None and kind in NUMBERED:
            raise RowRefused("msisdn", "missing")
        if e164 is None and card is None:
            raise RowRefused("iccid", "missing")
        began, ends = self._life(activated_at, valid_until, zone)
        balance_minor = minor_units_of(balance, currency, self.decimal_mark) if balance else 0
        slot = slot_of_text(ref)
        account_id = derived_bytes(ROOT_BYTES[slot], f"account:{ref}".encode())
        wallet_id = derived_bytes(account_id, f"wallet:cash:{currency}".encode())
        line_id, order_id, extension_id = derived_three(account_id, f"line:{e164 or card}".encode())
        # A balance of nothing says nothing: it may stand beside the real one on another row.
        opening = derived_bytes(wallet_id, b"opening_balance").hex() if balance_minor else NULL
        return (
            f"{slot:03}\t{account_id.hex()}\t{cell_of(ref)}\t{line_number}\t{cell_of(name)}\t"
            f"{email_of(email)}\t{_phone(phone)}\t{language_of(language)}\t{zone}\t{currency}\t"
            f"{balance_minor or NULL}\t{wallet_id.hex()}\t{opening}\t{kind}\t"
            f"{_number_cells(e164, line_id)}\t{card or NULL}\t"
            f"{self._carrier(carrier, plan) or NULL}\t{plan.plan_id}\t{plan.policy_id}\t"
            f"{line_id.hex()}\t{order_id.hex()}\t{extension_id.hex()}\t"
            f"{began}\t{ends}\t{switch_of(auto_renew)}\t"
            f"{cell_of(balance)}\t{cell_of(msisdn)}\t{cell_of(iccid)}\n"
        )

    def _plan(self, code: str, kind: str, currency: str) -> PlanFacts:
        if not is_currency(currency):
            raise RowRefused("currency", "unknown" if currency else "missing")
        plan = self.known.plans.get(code)
        if plan is None:
            raise RowRefused("plan_code", "unknown" if code else "missing")
        if plan.line_kind != kind:
            raise RowRefused("line_kind", "not_the_plans" if kind else "missing")
        if currency not in plan.currencies:
            raise RowRefused("currency", "plan_has_no_price")
        return plan

    def _carrier(self, code: str, plan: PlanFacts) -> int | None:
        """A line is on a carrier of its plan: on another one, the plan could never renew it."""
        if not code:
            return plan.carriers[0] if len(plan.carriers) == 1 else None
        carrier_id = self.known.carriers.get(code)
        if carrier_id is None:
            raise RowRefused("carrier", "unknown")
        if plan.carriers and carrier_id not in plan.carriers:
            raise RowRefused("carrier", "not_the_plans")
        return carrier_id

    def _life(self, activated_at: str, valid_until: str, zone: str) -> tuple[str, str]:
        """A bare date begins with its local midnight, and ends with the next one."""
        if not valid_until:
            raise RowRefused("valid_until", "missing")
        ends, ends_text = instant_of("valid_until", valid_until, zone, self.date_form)
        if not activated_at:
            return (min(ends, self.known.now) - TERM_GUESSED).isoformat(), ends_text
        began, began_text = instant_of("activated_at", activated_at, zone, self.date_form)
        if began >= ends:
            raise RowRefused("valid_until", "before_activated_at")
        if began > self.begun_before:
            raise RowRefused("activated_at", "in_the_future")
        return began_text, ends_text


def _fits(ref: str, name: str) -> None:
    if not ref:
        raise RowRefused("account_ref", "missing")
    if len(ref) > LONGEST_REF:
        raise RowRefused("account_ref", "too_long")
    if len(name) > LONGEST_NAME:
        raise RowRefused("name", "too_long")


def _phone(text: str) -> str:
    number = number_of(text, "phone")
    return "" if number is None else f"+{number}"


def _number_cells(e164: int | None, line_id: bytes) -> str:
    """Number-side ids: sharded by the number, not by the account."""
    if e164 is None:
        return "\\N\t\\N\t\\N\t\\N"
    slot = slot_of_text(str(e164))
    root = ROOT_HEX[slot]
    # inventory.naming.number_id; a base brings one period for each line, so the line's own bits do.
    return f"{e164}\t{slot}\t{root}{VARIANT | e164:x}\t{root}{line_id[8:].hex()}"

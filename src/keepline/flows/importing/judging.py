"""Judges one row by itself: words into typed values, or a refusal that names field and reason.

What a row says against other rows or against the base is judged in sets (statements.py).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple, cast
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from keepline.core.identifiers import IdentifierError, parse_iccid, parse_msisdn
from keepline.core.ids import derived_id, make_id, slot_of_text
from keepline.core.money import MoneyError, is_currency, parse_decimal
from keepline.flows.importing.reading import COLUMNS, Layout

EPOCH_MS = 1_577_836_800_000  # 2020-01-01: ids of a base follow from its content, not from a clock
EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
REF = re.compile(r"[!-~]{1,64}")
YES, NO = frozenset({"true", "yes", "y", "1"}), frozenset({"false", "no", "n", "0", ""})
NUMBERED = frozenset({"virtual_number", "keep_alive", "travel_sim"})  # kinds with a number
LONGEST_NAME = 120
NO_NUMBER = (None, None, None)


class Refusal(NamedTuple):
    """Why a row stays out."""

    line_number: int
    field: str
    value: str
    reason: str


class RowRefused(Exception):
    """Raised by a field's reader; becomes a Refusal."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field, self.reason = field, reason


@dataclass(frozen=True)
class PlanFacts:
    """What a row's plan must be known for."""

    plan_id: int
    policy_id: int
    line_kind: str
    currencies: frozenset[str]


@dataclass(frozen=True)
class Known:
    """The operator's catalogue, as plain values that travel to the judging process."""

    plans: Mapping[str, PlanFacts]
    carriers: Mapping[str, int]
    languages: tuple[str, ...]


STAGED = (
    "line_number",
    "account_ref",
    "slot",
    "account_id",
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
)


class Judge:
    """Reads rows of one layout against one catalogue."""

    def __init__(self, layout: Layout, known: Known) -> None:
        self.known = known
        self.decimal_mark = cast("Literal['.', ',']", layout.decimal_mark)
        self.instant = _instant_reader(layout.date_form)

    def judge(self, line_number: int, values: list[str]) -> tuple[Any, ...] | Refusal:
        """The row's values in the order of STAGED, or the first thing that is wrong with it."""
        row = dict(zip(COLUMNS, values, strict=True))
        try:
            return self._staged(line_number, row)
        except RowRefused as refused:
            return Refusal(line_number, refused.field, row.get(refused.field, ""), refused.reason)

    def _staged(self, line_number: int, row: dict[str, str]) -> tuple[Any, ...]:
        ref = row["account_ref"]
        if not REF.fullmatch(ref):
            raise RowRefused("account_ref", "missing" if not ref else "malformed")
        zone = _zone(row["time_zone"])
        plan = self._plan(row)
        e164, iccid = _msisdn("msisdn", row["msisdn"]), _iccid(row["iccid"])
        if e164 is None and row["line_kind"] in NUMBERED:
            raise RowRefused("msisdn", "missing")
        if e164 is None and iccid is None:
            raise RowRefused("iccid", "missing")
        started, ended = self._life(row, zone)
        slot, account_id = _account_ids(ref)
        wallet_id = derived_id(account_id, f"wallet:cash:{row['currency']}")
        line_id = derived_id(account_id, f"line:{e164 or iccid}")
        order_id = derived_id(line_id, "opening")
        number = NO_NUMBER if e164 is None else _number_ids(e164, line_id)
        return (
            line_number,
            ref,
            slot,
            account_id,
            _name(row["name"]),
            _email(row["email"]),
            _phone(row["phone"]),
            self._language(row["language"]),
            zone,
            row["currency"],
            self._balance(row),
            wallet_id,
            derived_id(wallet_id, "opening_balance"),
            row["line_kind"],
            e164,
            *number,
            iccid,
            self._carrier(row["carrier"]),
            plan.plan_id,
            plan.policy_id,
            line_id,
            order_id,
            derived_id(order_id, "extension"),
            started,
            ended,
            _switch(row["auto_renew"]),
        )

    def _plan(self, row: dict[str, str]) -> PlanFacts:
        if not is_currency(row["currency"]):
            raise RowRefused("currency", "unknown" if row["currency"] else "missing")
        plan = self.known.plans.get(row["plan_code"])
        if plan is None:
            raise RowRefused("plan_code", "unknown" if row["plan_code"] else "missing")
        if plan.line_kind != row["line_kind"]:
            raise RowRefused("line_kind", "not_the_plans" if row["line_kind"] else "missing")
        if row["currency"] not in plan.currencies:
            raise RowRefused("currency", "plan_has_no_price")
        return plan

    def _carrier(self, code: str) -> int | None:
        if not code:
            return None
        if code not in self.known.carriers:
            raise RowRefused("carrier", "unknown")
        return self.known.carriers[code]

    def _language(self, code: str) -> str:
        language = (code or "en").lower()
        language = {"zh": "zh-hans", "zh-cn": "zh-hans"}.get(language, language)
        if language not in self.known.languages:
            raise RowRefused("language", "unknown")
        return language

    def _balance(self, row: dict[str, str]) -> int | None:
        if not row["wallet_balance"]:
            return None
        try:
            money = parse_decimal(row["wallet_balance"], row["currency"], self.decimal_mark)
        except MoneyError as error:
            raise RowRefused("wallet_balance", error.reason) from None
        if money.amount_minor < 0:
            raise RowRefused("wallet_balance", "negative")
        return money.amount_minor

    def _life(self, row: dict[str, str], zone: str) -> tuple[datetime, datetime]:
        """A bare date begins with its local midnight, and ends with the next one."""
        if not row["valid_until"]:
            raise RowRefused("valid_until", "missing")
        ended = self.instant("valid_until", row["valid_until"], zone, 1)
        if not row["activated_at"]:
            return ended - timedelta(days=30), ended
        started = self.instant("activated_at", row["activated_at"], zone, 0)
        if started >= ended:
            raise RowRefused("valid_until", "before_activated_at")
        return started, ended


def _account_ids(ref: str) -> tuple[int, UUID]:
    slot = slot_of_text(ref)
    return slot, derived_id(make_id(slot, EPOCH_MS, 0), f"account:{ref}")


def _number_ids(e164: int, line_id: UUID) -> tuple[int, UUID, UUID]:
    slot = slot_of_text(str(e164))
    number_id = derived_id(make_id(slot, EPOCH_MS, 0), f"number:{e164}")
    return slot, number_id, derived_id(number_id, f"period:{line_id}")


def _name(text: str) -> str:
    if len(text) > LONGEST_NAME:
        raise RowRefused("name", "too_long")
    if "\ufffd" in text or "\x00" in text:
        raise RowRefused("name", "not_readable")
    return text


def _email(text: str) -> str:
    if text and not EMAIL.fullmatch(text):
        raise RowRefused("email", "malformed")
    return text.lower()


def _msisdn(field: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return parse_msisdn(text)
    except IdentifierError as error:
        raise RowRefused(field, error.reason) from None


def _phone(text: str) -> str:
    number = _msisdn("phone", text)
    return "" if number is None else f"+{number}"


def _iccid(text: str) -> str | None:
    if not text:
        return None
    try:
        return parse_iccid(text)
    except IdentifierError as error:
        raise RowRefused("iccid", error.reason) from None


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if not name:
        return "UTC"
    if name not in _zones():
        raise RowRefused("time_zone", "unknown")
    return name


def _switch(text: str) -> bool:
    word = text.lower()
    if word not in YES and word not in NO:
        raise RowRefused("auto_renew", "not_yes_or_no")
    return word in YES


InstantReader = Callable[[str, str, str, int], datetime]
LONGEST_DATE = 10
EARLIEST, LATEST = 1990, 2100


def _instant_reader(date_form: str | None) -> InstantReader:
    """ISO 8601, or the form that the mapping names. `days` is added to a bare date."""

    def read(field: str, text: str, zone: str, days: int) -> datetime:
        try:
            if date_form is not None:
                at, bare = datetime.strptime(text, date_form), "%H" not in date_form  # noqa: DTZ007
            else:
                at, bare = datetime.fromisoformat(text), len(text) <= LONGEST_DATE
        except ValueError:
            raise RowRefused(field, "not_a_date") from None
        if not EARLIEST <= at.year <= LATEST:
            raise RowRefused(field, "not_a_plausible_year")
        if bare:
            at += timedelta(days=days)
        return (at if at.tzinfo else at.replace(tzinfo=_zone_info(zone))).astimezone(UTC)

    return read


@lru_cache(maxsize=1024)
def _zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(name)

"""Reads a catalogue file (TOML) into checked values. Every error names file, plan and field."""

import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import Any

from keepline.catalog.models import (
    LineKind,
    default_after_expiry,
    default_countdown,
    default_retry_days,
)
from keepline.core.allowances import Allowance
from keepline.core.money import MoneyError, exponent
from keepline.core.parts import SIM_KINDS
from keepline.core.terms import Term, TermError

SHORTEST_QUARANTINE_DAYS = 45  # 47 CFR 52.15(f); an operator's own law may ask for more
LONGEST_DAYS = 3660
DISTANCES = (
    "remind_before_expiry_days",
    "remind_after_expiry_days",
    "remind_before_withdrawal_days",
)
LANGUAGES = ("en", "zh-hans")
USUAL_MESSAGE_DAYS = {"message_days": 30, "message_days_most": 90}
PHASES = ("grace_days", "suspended_days", "reclaim_days", "quarantine_days")
USUAL_DAYS_BETWEEN = {"number_change_days": 30, "carrier_switch_days": 7}
# How long a number waits before it may leave; the law of a country may want less.
USUAL_PORT_OUT = {
    "port_out_after_days": 7,
    "port_out_wait_hours": 24,
    "port_out_code_days": 30,
    "port_out_notice_hours": 24,
}
# A number that has rested waits until nobody wrote to it for so long, and so long at most.
USUAL_QUIET = {"quiet_days": 30, "quiet_days_most": 180}
USUAL_DISTANCES = (default_countdown(), default_after_expiry(), default_countdown())
USUAL_WORDS = {
    "grace_service": ("inbound", ("full", "inbound", "none")),
    "identity_check": ("none", ("before_sale", "none")),
}
FEES = ("reclaim_fee", "number_change_fee", "sim_swap_fee", "carrier_switch_fee")
POLICY_FIELDS = {
    "code",
    "grace_days",
    "suspended_days",
    "reclaim_days",
    "quarantine_days",
    "grace_rule",
    "grace_service",
    "promise_seconds",
    "retry_days",
    *DISTANCES,
    "notice_required",
    *USUAL_MESSAGE_DAYS,
    *USUAL_DAYS_BETWEEN,
    *USUAL_PORT_OUT,
    *USUAL_QUIET,
    *FEES,
    "identity_check",
    "source",
}
CODE = re.compile(r"[a-z0-9-]{2,60}")
SOURCE = re.compile(r"https?://\S{4,290}")
LEAST_PROMISE_SECONDS, MOST_PROMISE_SECONDS = 10, 86_400
AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")
GIGABYTE = 10**9


class CatalogRefused(Exception):
    """The file says something that cannot be; nothing of it was loaded."""


@dataclass(frozen=True)
class PlanFacts:
    """One plan of a file. Prices in minor units by currency."""

    code: str
    name: dict[str, str]
    conditions: dict[str, str]
    carriers: tuple[str, ...]  # the first to be sold first
    keeps_profiles: bool
    region: str | None
    term: str
    allowance: Allowance
    delivery: str
    tax_rate_ppm: int
    tax_inclusive: bool
    prices: dict[str, int]


@dataclass(frozen=True)
class CatalogFile:
    """A whole file, checked."""

    code: str
    policy: dict[str, Any]
    carriers: list[dict[str, Any]]
    regions: list[dict[str, Any]]
    plans: list[PlanFacts]


def preset_names() -> list[str]:
    """The shipped catalogues: one a kind of line."""
    return list(LineKind.values)


def preset_text(name: str) -> str:
    """The text of a shipped catalogue. Raises CatalogRefused."""
    if name not in preset_names():
        known = ", ".join(preset_names())
        raise CatalogRefused(f"There is no preset {name}; there are {known}.")
    return files("keepline.catalog.presets").joinpath(f"{name}.toml").read_text(encoding="utf-8")


def read_catalog(
    name: str, text: str, shortest_quarantine_days: int = SHORTEST_QUARANTINE_DAYS
) -> CatalogFile:
    """Checks a file. `name` is the kind of line. Raises CatalogRefused."""
    values = _parsed(name, text)
    policy = _policy(name, values, shortest_quarantine_days)
    carriers, regions = values.get("carriers", []), values.get("regions", [])
    for region in regions:
        _words(f"{name}, region {region.get('code')}", region.get("name"))
    known = {c["code"] for c in carriers}, {r["code"] for r in regions}
    plans = [_plan(name, plan, *known) for plan in values.get("plans", [])]
    codes = [plan.code for plan in plans]
    if not plans or len(set(codes)) != len(codes):
        raise CatalogRefused(f"{name}: a file has plans, each with a code of its own")
    priced = {currency for plan in plans for currency in plan.prices}
    for fee in FEES:
        unpriced = priced - policy[f"{fee}_minor"].keys()
        if policy[f"{fee}_minor"] and unpriced:
            raise CatalogRefused(f"{name}, policy: {fee} lacks {', '.join(sorted(unpriced))}")
    return CatalogFile(name, policy, carriers, regions, plans)


def read_policy(
    name: str, text: str, shortest_quarantine_days: int = SHORTEST_QUARANTINE_DAYS
) -> dict[str, Any]:
    """Checks a file of which only the policy is wanted; the fields of catalog.models.Policy."""
    return _policy(name, _parsed(name, text), shortest_quarantine_days)


def _parsed(name: str, text: str) -> dict[str, Any]:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogRefused(f"{name}: {error}") from error
    if not isinstance(values.get("policy"), dict):
        raise CatalogRefused(f"{name}: it needs a table [policy]")
    return values


def _policy(name: str, values: dict[str, Any], shortest_quarantine_days: int) -> dict[str, Any]:
    policy = dict(values["policy"])
    unknown = policy.keys() - POLICY_FIELDS
    if unknown:
        raise CatalogRefused(f"{name}, policy: unknown {', '.join(sorted(unknown))}")
    _check_days(name, policy, max(shortest_quarantine_days, SHORTEST_QUARANTINE_DAYS))
    if policy.get("grace_rule") not in ("from_payment", "from_expiry"):
        raise CatalogRefused(f"{name}, policy: grace_rule is from_payment or from_expiry")
    for field, (usual, words) in USUAL_WORDS.items():
        _check_word(name, policy, field, usual, words)
    if not isinstance(policy.setdefault("notice_required", True), bool):
        raise CatalogRefused(f"{name}, policy: notice_required is true or false")
    if not CODE.fullmatch(str(policy.get("code", ""))):
        raise CatalogRefused(f"{name}, policy: it needs a code, of a-z, 0-9 and -")
    if not SOURCE.fullmatch(str(policy.get("source", ""))):
        raise CatalogRefused(f"{name}, policy: it needs a source, the address of a page")
    seconds = policy.get("promise_seconds", LEAST_PROMISE_SECONDS)
    if type(seconds) is not int or not LEAST_PROMISE_SECONDS <= seconds <= MOST_PROMISE_SECONDS:
        raise CatalogRefused(
            f"{name}, policy: promise_seconds are whole seconds from {LEAST_PROMISE_SECONDS}"
            f" to {MOST_PROMISE_SECONDS}"
        )
    for fee in FEES:
        table = policy.pop(fee, {})
        if not isinstance(table, dict):
            raise CatalogRefused(f"{name}, policy: {fee} is a table, of texts by currency")
        policy[f"{fee}_minor"] = _prices(f"{name}, policy, {fee}", table) if table else {}
    return policy


def _check_word(
    name: str, policy: dict[str, Any], field: str, usual: str, words: tuple[str, ...]
) -> None:
    if policy.setdefault(field, usual) not in words:
        said = f"{', '.join(words[:-1])} or {words[-1]}"
        raise CatalogRefused(f"{name}, policy: {field} is {said}")


def _check_days(name: str, policy: dict[str, Any], shortest_quarantine_days: int) -> None:
    policy |= {field: days for field, days in USUAL_DAYS_BETWEEN.items() if field not in policy}
    for field in (*PHASES, *USUAL_DAYS_BETWEEN):
        if not _are_days([policy.get(field)], 0):
            raise CatalogRefused(f"{name}, policy: {field} must be whole days")
    _check_message_days(name, policy)
    _check_port_out(name, policy)
    _check_quiet(name, policy)
    if not _are_days(policy.setdefault("retry_days", default_retry_days()), -LONGEST_DAYS):
        raise CatalogRefused(f"{name}, policy: retry_days are whole days, before expiry negative")
    for field, usual in zip(DISTANCES, USUAL_DISTANCES, strict=True):
        if not _are_days(policy.setdefault(field, usual), 1):
            raise CatalogRefused(f"{name}, policy: {field} are whole days, 1 or more")
    for field in ("retry_days", *DISTANCES):
        policy[field] = sorted(set(policy[field]))
    if policy["quarantine_days"] < shortest_quarantine_days:
        raise CatalogRefused(
            f"{name}, policy: quarantine_days is {policy['quarantine_days']}, below the legal"
            f" {shortest_quarantine_days} (KEEPLINE_SHORTEST_QUARANTINE_DAYS)"
        )
    if policy["reclaim_days"] > policy["quarantine_days"]:
        raise CatalogRefused(f"{name}, policy: reclaim_days is longer than quarantine_days")


def _check_message_days(name: str, policy: dict[str, Any]) -> None:
    for field, usual in USUAL_MESSAGE_DAYS.items():
        if not _are_days([policy.setdefault(field, usual)], 1):
            raise CatalogRefused(f"{name}, policy: {field} must be whole days, 1 or more")
    if policy["message_days"] > policy["message_days_most"]:
        raise CatalogRefused(f"{name}, policy: message_days is longer than message_days_most")


def _check_port_out(name: str, policy: dict[str, Any]) -> None:
    for field, usual in USUAL_PORT_OUT.items():
        least = 1 if field == "port_out_code_days" else 0
        if not _are_days([policy.setdefault(field, usual)], least):
            raise CatalogRefused(
                f"{name}, policy: {field} must be whole {field.rpartition('_')[2]}"
            )


def _check_quiet(name: str, policy: dict[str, Any]) -> None:
    for field, usual in USUAL_QUIET.items():
        if not _are_days([policy.setdefault(field, usual)], 0):
            raise CatalogRefused(f"{name}, policy: {field} must be whole days")
    if policy["quiet_days"] > policy["quiet_days_most"]:
        raise CatalogRefused(f"{name}, policy: quiet_days is longer than quiet_days_most")


def _are_days(values: Any, least: int) -> bool:
    return isinstance(values, list) and all(
        type(value) is int and least <= value <= LONGEST_DAYS for value in values
    )


def _plan(name: str, plan: dict[str, Any], carriers: set[str], regions: set[str]) -> PlanFacts:
    where = f"{name}, plan {plan.get('code')}"
    if not CODE.fullmatch(str(plan.get("code", ""))):
        raise CatalogRefused(f"{where}: code")
    if plan.get("region") is not None and plan["region"] not in regions:
        raise CatalogRefused(f"{where}: region {plan['region']} is not in the file")
    behind = _carriers(where, plan, carriers)
    try:
        term = str(Term.parse(plan["term"]))
    except (KeyError, TermError) as error:
        raise CatalogRefused(f"{where}: term: {error}") from error
    delivery = plan.get("delivery", "ledger")
    if delivery not in ("ledger", "network"):
        raise CatalogRefused(f"{where}: delivery is ledger or network")
    return PlanFacts(
        code=plan["code"],
        name=_words(where, plan.get("name")),
        conditions=_words(where, plan["conditions"]) if "conditions" in plan else {},
        carriers=behind,
        keeps_profiles=_keeps_profiles(name, where, plan),
        region=plan.get("region"),
        term=term,
        allowance=Allowance(
            _quantity(where, "data_gb", plan, GIGABYTE),
            _quantity(where, "voice_minutes", plan, 60),
            _quantity(where, "sms", plan, 1),
        ),
        delivery=delivery,
        tax_rate_ppm=plan.get("tax_rate_ppm", 0),
        tax_inclusive=plan.get("tax_inclusive", True),
        prices=_prices(where, plan.get("prices", {})),
    )


def _carriers(where: str, plan: dict[str, Any], known: set[str]) -> tuple[str, ...]:
    """One, or several between which its lines may switch."""
    if "carriers" in plan:
        several = plan["carriers"]
        if "carrier" in plan:
            raise CatalogRefused(f"{where}: it has carrier or carriers, not both")
        texts = isinstance(several, list) and all(isinstance(code, str) for code in several)
        if not texts or len(set(several)) != len(several) or len(several) < 2:  # noqa: PLR2004
            raise CatalogRefused(f"{where}: carriers are two or more codes, each once")
    else:
        several = [plan["carrier"]] if plan.get("carrier") is not None else []
    for code in several:
        if code not in known:
            raise CatalogRefused(f"{where}: carrier {code} is not in the file")
    return tuple(several)


def _keeps_profiles(name: str, where: str, plan: dict[str, Any]) -> bool:
    keeps = plan.get("keeps_profiles", False)
    if not isinstance(keeps, bool):
        raise CatalogRefused(f"{where}: keeps_profiles is true or false")
    if keeps and ("carriers" not in plan or "profile" not in SIM_KINDS.get(name, ())):
        raise CatalogRefused(f"{where}: keeps_profiles is for eSIMs with several carriers")
    return keeps


def _words(where: str, words: Any) -> dict[str, str]:
    if not isinstance(words, dict) or any(not words.get(language) for language in LANGUAGES):
        raise CatalogRefused(f"{where}: words in {' and '.join(LANGUAGES)} are needed")
    return {language: str(words[language]) for language in words}


def _quantity(where: str, field: str, plan: dict[str, Any], unit: int) -> int | None:
    """0 when left out, None for "unlimited"."""
    value = plan.get(field, 0)
    if value == "unlimited":
        return None
    try:
        amount = Decimal(str(value)) * unit
    except InvalidOperation:
        raise CatalogRefused(f"{where}: {field} {value!r}") from None
    if amount < 0 or amount != int(amount):
        raise CatalogRefused(f"{where}: {field} {value!r}")
    return int(amount)


def _prices(where: str, prices: dict[str, Any]) -> dict[str, int]:
    """Whole units as text: a number of TOML's with a point would be a float."""
    found = {}
    for currency, text in prices.items():
        if not isinstance(text, str) or not AMOUNT.fullmatch(text):
            raise CatalogRefused(f'{where}: price {currency} {text!r}; write it as "4.90"')
        try:
            amount = Decimal(text).scaleb(exponent(currency))
        except (InvalidOperation, MoneyError, TypeError) as error:
            raise CatalogRefused(f"{where}: price {currency} {text!r}: {error}") from error
        if amount != int(amount):
            raise CatalogRefused(f"{where}: price {currency} {text!r} has too many decimals")
        found[currency] = int(amount)
    if not found:
        raise CatalogRefused(f"{where}: a plan has a price in one currency at least")
    return found

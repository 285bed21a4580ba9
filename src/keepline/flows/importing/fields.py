"""Reads single fields of a row: words in, values as COPY's text format wants them out."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError
from django.conf import settings

from keepline.core.identifiers import IdentifierError, parse_iccid, parse_msisdn
from keepline.core.money import DecimalMark, MoneyError, parse_decimal
from keepline.core.zones import known_zones

EMAIL = re.compile(r"[^@\s<>()\[\]\\,;:\"]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]+")
LONGEST_EMAIL = 254
YES, NO = (
    frozenset({"true", "yes", "y", "1", "on"}),
    frozenset({"false", "no", "n", "0", "off", ""}),
)
LONGEST_DATE = 10
EARLIEST, LATEST = 1990, 2100
CHINESE = {"zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans", "zh-hans-cn": "zh-hans"}
LONGEST_LANGUAGE = 10
UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\ufffd]")


class RowRefused(Exception):
    """What is wrong with one field; becomes a Refusal."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field, self.reason = field, reason


@lru_cache(maxsize=100_000)  # a base has few different dates
def instant_of(field: str, text: str, zone: str, date_form: str | None) -> tuple[datetime, str]:
    """An instant, and the same in UTC as text. ISO 8601, or the form that the mapping names.

    A bare date is its first instant in `zone`; as an end it is the day's last, hence the next
    day's first. Raises RowRefused.
    """
    try:
        if date_form is not None:
            at, bare = datetime.strptime(text, date_form), not _tells_time(date_form)  # noqa: DTZ007
        elif len(text) <= LONGEST_DATE:
            at, bare = datetime.combine(date.fromisoformat(text), datetime.min.time()), True
        else:
            at, bare = datetime.fromisoformat(text), False
    except ValueError:
        raise RowRefused(field, "not_a_date") from None
    if not EARLIEST <= at.year <= LATEST:
        raise RowRefused(field, "not_a_plausible_year")
    if bare and field == "valid_until":
        at += timedelta(days=1)
    at = (at if at.tzinfo else at.replace(tzinfo=_zone_info(zone))).astimezone(UTC)
    return at, at.isoformat()


def _tells_time(date_form: str) -> bool:
    return any(part in date_form for part in ("%H", "%I", "%X", "%c", "%T", "%R"))


@lru_cache(maxsize=1024)
def _zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def zone_of(name: str) -> str:
    """A name of the time zone database; UTC where the base says nothing. Raises RowRefused."""
    if not name:
        return "UTC"
    if name not in known_zones():
        raise RowRefused("time_zone", "unknown")
    return name


@lru_cache(maxsize=1024)
def language_of(code: str) -> str:
    """A language of this world, in Django's spelling; English where the base says nothing.

    uk_UA is uk: a country's variety of a language that Keepline speaks is that language. One that
    Keepline does not speak yet is kept: it is what the holder prefers. Raises RowRefused.
    """
    tag = (code or "en").replace("_", "-").lower()
    tag = CHINESE.get(tag, tag)
    try:
        known = Locale.parse(tag, sep="-") is not None and len(tag) <= LONGEST_LANGUAGE
    except (UnknownLocaleError, ValueError):
        known = False
    if not known:
        raise RowRefused("language", "unknown")
    plain = tag.partition("-")[0]
    return plain if plain in dict(settings.LANGUAGES) else tag


def email_of(text: str) -> str:
    """Lower case. Raises RowRefused."""
    address = text.lower()
    if address and (len(address) > LONGEST_EMAIL or not EMAIL.fullmatch(address)):
        raise RowRefused("email", "malformed")
    return address


@lru_cache(maxsize=10_000)
def minor_units_of(text: str, currency: str, mark: DecimalMark | None) -> int:
    """A balance. Where nobody named the decimal mark, one that reads two ways is refused.

    Raises RowRefused.
    """
    amounts, reasons = set(), []
    for one in (mark,) if mark else (".", ","):
        try:
            amounts.add(parse_decimal(text, currency, one).amount_minor)
        except MoneyError as error:
            reasons.append(error.reason)
    if len(amounts) > 1 or (amounts and "ambiguous" in reasons):
        raise RowRefused("wallet_balance", "ambiguous")
    if not amounts:
        telling = [reason for reason in reasons if reason != "malformed"]
        raise RowRefused("wallet_balance", (telling or reasons)[0])
    amount_minor = amounts.pop()
    if amount_minor < 0:
        raise RowRefused("wallet_balance", "negative")
    return amount_minor


def switch_of(text: str) -> str:
    """t or f. Raises RowRefused."""
    word = text.lower()
    if word not in YES and word not in NO:
        raise RowRefused("auto_renew", "not_yes_or_no")
    return "t" if word in YES else "f"


def readable(values: Sequence[str], columns: Sequence[str]) -> None:
    """No control characters, nothing that the file's encoding could not say. Raises RowRefused."""
    line = "".join(values)
    if line.isprintable() and "\ufffd" not in line:
        return
    for field, value in zip(columns, values, strict=True):
        if UNREADABLE.search(value):
            raise RowRefused(field, "not_readable")


def number_of(text: str, field: str = "msisdn") -> int | None:
    """E.164, None for nothing. Raises RowRefused."""
    if not text:
        return None
    try:
        return parse_msisdn(text)
    except IdentifierError as error:
        raise RowRefused(field, error.reason) from None


def card_of(text: str) -> str | None:
    """An ICCID without padding, None for nothing. Raises RowRefused."""
    if not text:
        return None
    try:
        return parse_iccid(text)
    except IdentifierError as error:
        raise RowRefused("iccid", error.reason) from None


def cell_of(text: str) -> str:
    """For COPY's text format, of a readable text: only the backslash means something there."""
    return text.replace("\\", "\\\\") if "\\" in text else text

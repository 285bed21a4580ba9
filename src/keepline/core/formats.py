"""Money, instants, sizes and spans as a reader of a language in a zone expects them.

Babel's CLDR does the work; what is decided here is which of its forms a bank statement needs:
months in letters (3/5 is two dates), a clock of 24 hours, the zone where it matters.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    format_timedelta,
    get_timezone_location,
)
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)
from babel.units import format_unit

__all__ = [
    "city_of",
    "clock",
    "data_size",
    "day",
    "instant",
    "line_name",
    "locale_of",
    "minutes",
    "money",
    "percent",
    "phone",
    "span",
]

# "en" alone is American: 5/3/26, 2:32 PM. Keepline's English is the one most of the world reads.
LOCALES = {"en": "en_GB", "zh-hans": "zh_Hans_CN", "ru": "ru_RU", "uk": "uk_UA"}
# CLDR's long date of these ends in an abbreviated "year" (3 мая 2026 г.), whose full stop a
# sentence would double.
DATES = {"ru": "d MMMM y", "uk": "d MMMM y"}
# Zones that CLDR files under an older name of the time zone database, where Babel does not look.
OLDER_NAMES = {
    "America/Nuuk": "America/Godthab",
    "Asia/Ho_Chi_Minh": "Asia/Saigon",
    "Asia/Kathmandu": "Asia/Katmandu",
    "Asia/Yangon": "Asia/Rangoon",
    "Atlantic/Faroe": "Atlantic/Faeroe",
    "Europe/Kyiv": "Europe/Kiev",
}
_SPANS: Final[tuple[tuple[Literal["day", "hour", "minute"], int, int], ...]] = (
    ("day", 86_400, 2 * 86_400),
    ("hour", 3_600, 3_600),
    ("minute", 60, 0),
)
_LETTER_AND_DIGIT = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_NEVER = 10**6  # of a larger unit, that is: no larger unit is taken instead
SIZES = (
    ("digital-terabyte", 10**12),
    ("digital-gigabyte", 10**9),
    ("digital-megabyte", 10**6),
    ("digital-kilobyte", 10**3),
)


@lru_cache
def locale_of(language: str) -> Locale:
    """The CLDR locale of a language code of ours (en, zh-hans, ru, uk)."""
    return Locale.parse(LOCALES.get(language.lower(), LOCALES["en"]))


@lru_cache(maxsize=4096)
def money(amount_minor: int, currency: str, language: str) -> str:
    """1999 USD -> US$19.99, 921 KWD -> KWD 0.921. Exact: the amount passes through no float."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    said = format_currency(amount, currency, locale=locale_of(language))
    # CLDR's currency spacing, which Babel leaves out: letters do not touch digits.
    return _LETTER_AND_DIGIT.sub("\u00a0", said)


def percent(rate_ppm: int, language: str) -> str:
    """255000 -> 25.5%. Exact, as many decimals as there are."""
    share = Decimal(rate_ppm).scaleb(-6)
    return format_percent(share, "#,##0.####%", locale=locale_of(language))


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def day(at: datetime, zone: str, language: str, with_year: bool = True) -> str:
    """3 May 2026, or 3 May: the date of an instant in a zone."""
    return _said_day(_local(at, zone).date(), language, with_year)


@lru_cache(maxsize=4096)
def _said_day(local: date, language: str, with_year: bool) -> str:
    if with_year:
        form = DATES.get(language.lower(), "long")
        return format_date(local, form, locale=locale_of(language))
    return format_skeleton("MMMMd", local, locale=locale_of(language))


def clock(at: datetime, zone: str, language: str, seconds: bool = False) -> str:
    """14:32, or 14:32:07: the time of day of an instant in a zone."""
    local = _local(at, zone)
    return _said_clock(
        time(local.hour, local.minute, local.second if seconds else 0),
        "HH:mm:ss" if seconds else "HH:mm",
        language,
    )


@lru_cache(maxsize=4096)
def _said_clock(local: time, pattern: str, language: str) -> str:
    return format_time(local, pattern, locale=locale_of(language))


def instant(at: datetime, zone: str, language: str) -> str:
    """3 May 2026, 14:32."""
    gap = " " if language.lower().startswith("zh") else ", "
    return f"{day(at, zone, language)}{gap}{clock(at, zone, language)}"


def city_of(zone: str, language: str) -> str:
    """Europe/Berlin -> Berlin. A zone without a city (UTC) stays as it is."""
    if "/" not in zone:
        return zone
    locale = locale_of(language)
    older: Mapping[str, str] = locale.time_zones.get(OLDER_NAMES.get(zone, ""), {})
    said: str = older.get("city") or get_timezone_location(zone, locale=locale, return_city=True)
    return said.rsplit("/", 1)[-1]


def data_size(size_bytes: int, language: str) -> str:
    """1_500_000_000 -> 1.5 GB. Decimal units, as plans are sold; cut, never rounded up."""
    unit, step = next(((u, s) for u, s in SIZES if size_bytes >= s), SIZES[-1])
    tenths = size_bytes * 10 // step
    value = Decimal(tenths).scaleb(-1).normalize()
    return format_unit(value, unit, "short", format="#,##0.#", locale=locale_of(language))


def minutes(seconds: int, language: str) -> str:
    """5400 -> 90 min; begun minutes do not count as left."""
    locale = locale_of(language)
    said = format_unit(seconds // 60, "duration-minute", "short", locale=locale)
    return said.replace("mins", "min")  # British CLDR has a plural of an abbreviation


def count(number: int, language: str) -> str:
    """12345 -> 12,345."""
    return format_decimal(number, locale=locale_of(language))


def span(left: timedelta, language: str) -> str:
    """41 days, 27 hours, 5 minutes: the unit that says enough. Cut, never rounded up."""
    seconds = max(0, int(left.total_seconds()))
    # "1 day" could be anything up to two, so under two days hours take over.
    unit, step = next((u, s) for u, s, least in _SPANS if seconds >= least)
    whole = timedelta(seconds=seconds // step * step)
    return format_timedelta(whole, granularity=unit, threshold=_NEVER, locale=locale_of(language))


def phone(e164: int | str | None) -> str:
    """8613800138000, with or without + -> +86 138 0013 8000. What is no number stays as it is."""
    if not e164:
        return ""
    try:
        number = phonenumbers.parse(f"+{str(e164).removeprefix('+')}")
    except phonenumbers.NumberParseException:
        return str(e164)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def line_name(label: str, e164: int | None, iccid: str | None) -> str:
    """How its holder calls a line: by label, number or card."""
    number = phone(e164) or iccid or ""
    return f"{label} ({number})" if label and number else label or number

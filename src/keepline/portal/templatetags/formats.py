"""Filters and tags that say money, time and sizes in the holder's language and zone.

Language is the active translation, zone the active time zone; both are set per request.
"""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from keepline.core import formats
from keepline.core.terms import Term
from keepline.flows.receipting.words import in_language
from keepline.flows.show_lines import Bucket

register = template.Library()
MONTH_DAYS, YEAR_DAYS = 30, 365  # about, where only about is said
register.filter("in_language", in_language)


def _language() -> str:
    return get_language() or "en"


def _zone() -> str:
    return timezone.get_current_timezone_name()


@register.filter
def money(amount_minor: int | None, currency: str) -> str:
    """{{ order.total_minor|money:order.currency }}."""
    return "" if amount_minor is None else formats.money(amount_minor, currency, _language())


@register.filter
def signed_money(amount_minor: int, currency: str) -> str:
    """Like money, with + before what comes in and a true minus before what goes out."""
    said = formats.money(abs(amount_minor), currency, _language())
    return f"+{said}" if amount_minor >= 0 else f"−{said}"


def _time(at: datetime, said: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), said)


@register.filter
def instant(at: datetime | None, zone: str = "") -> SafeString | str:
    """3 May 2026, 14:32."""
    return _time(at, formats.instant(at, zone or _zone(), _language())) if at else ""


@register.filter
def day(at: datetime | None, zone: str = "") -> SafeString | str:
    """3 May 2026."""
    return _time(at, formats.day(at, zone or _zone(), _language())) if at else ""


@register.filter
def short_day(at: datetime | None, zone: str = "") -> SafeString | str:
    """3 May, with the year when it is not this one."""
    if not at:
        return ""
    this_year = timezone.localtime(at).year == timezone.localtime().year
    return _time(at, formats.day(at, zone or _zone(), _language(), with_year=not this_year))


@register.filter
def clock(at: datetime | None, zone: str = "") -> SafeString | str:
    """14:32."""
    return _time(at, formats.clock(at, zone or _zone(), _language())) if at else ""


@register.filter
def clock_seconds(at: datetime | None, zone: str = "") -> SafeString | str:
    """14:32:07."""
    return _time(at, formats.clock(at, zone or _zone(), _language(), seconds=True)) if at else ""


@register.filter
def span(left: timedelta | None) -> str:
    """41 days; 27 hours; 5 minutes."""
    return "" if left is None else formats.span(left, _language())


@register.filter
def zone_name(zone: str) -> str:
    """Asia/Shanghai -> Shanghai: the city that CLDR names the zone by, in the language."""
    return formats.city_of(zone, _language())


@register.filter
def data_size(size_bytes: int | None) -> str:
    """1.5 GB; None is without limit."""
    if size_bytes is None:
        return gettext("Unlimited")
    return formats.data_size(size_bytes, _language())


@register.filter
def minutes(seconds: int | None) -> str:
    """90 min; None is without limit."""
    return gettext("Unlimited") if seconds is None else formats.minutes(seconds, _language())


@register.filter
def messages_count(number: int | None) -> str:
    """120 SMS; None is without limit."""
    if number is None:
        return gettext("Unlimited")
    return gettext("%(number)s SMS") % {"number": formats.count(number, _language())}


@register.filter
def amount_of(value: int | None, kind: str) -> str:
    """A bucket's amount by its kind: data, voice or sms."""
    return {"data": data_size, "voice": minutes, "sms": messages_count}[kind](value)


@register.filter
def left_of(bucket: Bucket) -> str:
    """18.6 GB of 30 GB; 35 of 60 min; 43 of 50; without limit, what was used."""
    if bucket.left is None:
        return gettext("Unlimited, %(used)s used") % {"used": amount_of(bucket.used, bucket.kind)}
    left, granted = amount_of(bucket.left, bucket.kind), amount_of(bucket.granted, bucket.kind)
    if bucket.kind == "voice":
        left = formats.count(bucket.left // 60, _language())
    if bucket.kind == "sms":
        left = formats.count(bucket.left, _language())
        granted = formats.count(bucket.granted or 0, _language())
    return gettext("%(left)s of %(granted)s") % {"left": left, "granted": granted}


register.filter("phone", formats.phone)


@register.filter
def unused(since: datetime | None, now: datetime) -> str:
    """How long nobody has had a number, in days and then in whole months and years."""
    if since is None:
        return gettext("Nobody has had it here")
    days = max((now - since).days, 1)
    if days < 2 * MONTH_DAYS:
        length = Term(0, days)
    else:
        length = Term(days // MONTH_DAYS if days < 2 * YEAR_DAYS else days // YEAR_DAYS * 12, 0)
    return gettext("Unused for %(length)s") % {"length": term(length)}


@register.filter
def term(value: Term | str) -> str:
    """P1M -> 1 month."""
    length = value if isinstance(value, Term) else Term.parse(value)
    years, months = divmod(length.months, 12)
    if length.days:
        return ngettext("%(n)d day", "%(n)d days", length.days) % {"n": length.days}
    if years and not months:
        return ngettext("%(n)d year", "%(n)d years", years) % {"n": years}
    return ngettext("%(n)d month", "%(n)d months", length.months) % {"n": length.months}

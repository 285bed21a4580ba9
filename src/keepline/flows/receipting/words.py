"""The words of a sale, in the active language: receipts say them, and so do pages."""

from collections.abc import Mapping
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from keepline.core.exchange import Exchange
from keepline.core.formats import locale_of, percent
from keepline.core.pricing import Taxed

Words = Mapping[Any, object]

LINE_KINDS: Words = {
    "virtual_number": gettext_lazy("Virtual number"),
    "travel_sim": gettext_lazy("Travel SIM"),
    "country_esim": gettext_lazy("Country eSIM"),
    "local_data_sim": gettext_lazy("Local data SIM"),
    "keep_alive": gettext_lazy("Keep-alive line"),
}
ORDER_KINDS: Words = {
    "renewal": gettext_lazy("Renewal"),
    "purchase": gettext_lazy("New line"),
    "top_up": gettext_lazy("Top-up"),
    "reclaim": gettext_lazy("Number had back"),
    "new_number": gettext_lazy("Change of number"),
    "new_sim": gettext_lazy("New SIM"),
    "carrier": gettext_lazy("Change of carrier"),
    "opening": gettext_lazy("Taken over"),
}
GRACE_RULES: Words = {
    "from_payment": gettext_lazy(
        "Renewed in time, the new term starts when the old one ends. "
        "Renewed in grace, it starts with the payment."
    ),
    "from_expiry": gettext_lazy(
        "The new term starts when the old one ended, also when you renew in grace."
    ),
}
SELLERS: Words = {"house": "Keepline"}


def word(words: Words, code: object) -> str:
    """The word of a code; one without shows itself."""
    return str(words.get(str(code), code))


def line_kind(code: str) -> str:
    return word(LINE_KINDS, code)


def order_kind(code: str) -> str:
    return word(ORDER_KINDS, code)


def grace_rule(code: str) -> str:
    return word(GRACE_RULES, code)


def seller(code: str) -> str:
    return word(SELLERS, code)


def in_language(names: Mapping[str, str] | str | None) -> str:
    """The catalogue's {"en": ..., "zh-hans": ...} in the active language."""
    if not isinstance(names, Mapping):
        return names or ""
    return names.get(get_language() or "en") or names.get("en") or next(iter(names.values()), "")


def locale() -> Locale:
    """The active language's."""
    return locale_of(get_language() or "en")


def country(code: str) -> str:
    """TH -> Thailand, from CLDR."""
    return locale().territories.get(code.upper(), code) if code else ""


def tax_name(sale: Taxed) -> str:
    """Tax 19% (Germany), included: the rate, whose it is when it is no plan's own, and where it
    stands."""
    rate = percent(sale.tax_rate_ppm, get_language() or "en")
    if sale.tax_country:
        rate = f"{rate} ({country(sale.tax_country)})"
    said = _("Tax %(rate)s, included") if sale.tax_inclusive else _("Tax %(rate)s")
    return said % {"rate": rate}


def rate_of(exchange: Exchange, base: str) -> str:
    """1 USD = 0.9213 EUR, European Central Bank, 10 March 2026."""
    rate = format_decimal(exchange.rate, "#,##0.############", locale=locale())
    on = format_date(exchange.rate_on, "long", locale=locale())
    return f"1 {base} = {rate} {exchange.paid.currency} ({exchange.source}, {on})"

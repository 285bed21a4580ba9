"""Words of buying: what each kind of line and of SIM is, and countries by their names."""

from collections.abc import Iterable

from django import template
from django.utils.translation import gettext_lazy

from keepline.flows.receipting.words import Words, country

register = template.Library()

LINE_KINDS_ARE: Words = {
    "virtual_number": gettext_lazy(
        "A number without a SIM: it receives messages and calls, and sends none."
    ),
    "travel_sim": gettext_lazy("One SIM for many countries, with data, calls and messages."),
    "country_esim": gettext_lazy("An eSIM for one country: data, with some plans calls as well."),
    "local_data_sim": gettext_lazy("Data of a local carrier by day, month or year."),
    "keep_alive": gettext_lazy(
        "The least that keeps a number yours: it receives, and costs little."
    ),
}
SIM_KINDS: Words = {"profile": gettext_lazy("eSIM"), "card": gettext_lazy("SIM card")}
SIM_KINDS_ARE: Words = {
    "profile": gettext_lazy("On your phone in a few minutes, by QR code."),
    "card": gettext_lazy("Made of plastic; your operator hands it to you."),
}


@register.filter
def line_kind_is(code: str) -> str:
    """What such a line is, in a sentence."""
    return str(LINE_KINDS_ARE.get(code, ""))


@register.filter
def sim_kind(code: str) -> str:
    return str(SIM_KINDS.get(code, code))


@register.filter
def sim_kind_is(code: str) -> str:
    return str(SIM_KINDS_ARE.get(code, ""))


@register.filter
def by_name(codes: Iterable[str]) -> list[tuple[str, str]]:
    """["TH", "GB"] -> those with their names, in the order of the names."""
    return sorted(((code, country(code)) for code in codes), key=lambda each: each[1])

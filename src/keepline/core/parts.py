"""What a line is made of: which pieces of stock its plan needs.

| kind of line | number | SIM |
|---|---|---|
| virtual number | always | none |
| travel SIM | always | a card or an eSIM profile |
| country eSIM | where the plan has calls or messages | an eSIM profile |
| local data SIM | where the plan has calls or messages | a card or an eSIM profile |
| keep-alive line | always | a card or an eSIM profile |
"""

from dataclasses import dataclass
from typing import Literal

from keepline.core.allowances import Allowance

__all__ = ["SIM_KINDS", "Parts", "SimKind", "parts_of"]

SimKind = Literal["card", "profile"]
EITHER: tuple[SimKind, ...] = ("profile", "card")


@dataclass(frozen=True, slots=True)
class Parts:
    """`sims`: the kinds of SIM that will do, the usual one first; empty: it needs none."""

    number: bool
    sims: tuple[SimKind, ...]


ALWAYS: dict[str, Parts] = {
    "virtual_number": Parts(number=True, sims=()),
    "travel_sim": Parts(number=True, sims=EITHER),
    "keep_alive": Parts(number=True, sims=EITHER),
}
WITH_CALLS: dict[str, tuple[SimKind, ...]] = {
    "country_esim": ("profile",),
    "local_data_sim": EITHER,
}


# Which kinds of SIM a line of this kind may have; none: it has no SIM.
SIM_KINDS: dict[str, tuple[SimKind, ...]] = WITH_CALLS | {
    kind: parts.sims for kind, parts in ALWAYS.items()
}


def parts_of(line_kind: str, allowance: Allowance) -> Parts:
    """What a line of this kind needs for a plan with this allowance.

    Raises KeyError for a kind that there is not.
    """
    if line_kind in ALWAYS:
        return ALWAYS[line_kind]
    calls = allowance.voice_seconds != 0 or allowance.sms_count != 0  # None is without limit
    return Parts(number=calls, sims=WITH_CALLS[line_kind])

"""What the provider does wrong on demand: how it is said, checked and read.

As JSON, all fields optional:

    webhook         normal | lost | duplicate:N | delay:S | out_of_order, joined by commas
    api             normal | slow:S | error_500 | hang | answer_lost
    api_on          any | open | ask | cancel | refund | list | simulate | store | charge | forget
                    | dispute  (which calls)
    api_times       how many calls misbehave before it is normal again; null: all
    refund          normal | refused | delay:S
    browser_return  false: the payer stays on the provider's page
    approval        true: the bank always asks the payer to approve; charges of kept methods,
                    where no payer is there, are declined for it
    decline         a decline code: paying is declined with it; "" for none
    decline_next    the next N payments are declined (global only)
    checkout_seconds  how long a new checkout stays open (global only)

slow answers S seconds late; error_500 and hang do nothing; answer_lost does what was asked and
cuts the connection. delay:S and out_of_order keep their place over a restart.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

WEBHOOK_WORD = re.compile(r"normal|lost|out_of_order|duplicate:(?:[1-9]|[1-4]\d|50)|delay:\d{1,5}")
API_WORD = re.compile(r"normal|error_500|hang|answer_lost|slow:\d{1,3}(?:\.\d+)?")
REFUND_WORD = re.compile(r"normal|refused|delay:\d{1,5}")
# fmt: off
API_CALLS: Final = (
    "any", "open", "ask", "cancel", "refund", "list", "simulate",
    "store", "charge", "forget", "dispute",
)
# fmt: on
GLOBAL_ONLY: Final = ("decline_next", "checkout_seconds")


class BehaviourRefused(ValueError):
    """A behaviour that does not exist; the message names the field."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A complete behaviour; the defaults are those of a good day."""

    webhook: str = "normal"
    api: str = "normal"
    api_on: str = "any"
    api_times: int | None = None
    refund: str = "normal"
    browser_return: bool = True
    approval: bool = False
    decline: str = ""
    decline_next: int = 0
    checkout_seconds: int = 1800

    def seconds(self, field: str) -> float:
        """The S of delay:S or slow:S in `field`, else 0."""
        found = re.search(r"(?:delay|slow):([\d.]+)", getattr(self, field))
        return float(found[1]) if found else 0.0

    @property
    def copies(self) -> int:
        """How often each webhook is sent."""
        found = re.search(r"duplicate:(\d+)", self.webhook)
        return int(found[1]) if found else 1

    @property
    def webhook_lost(self) -> bool:
        """The webhook is never sent by itself."""
        return "lost" in self.webhook.split(",")

    @property
    def out_of_order(self) -> bool:
        """The webhook waits until a younger one was delivered."""
        return "out_of_order" in self.webhook.split(",")


FIELDS: Final = frozenset(field.name for field in fields(Behaviour))


def checked(content: Any, *, for_payment: bool) -> dict[str, object]:
    """`content` if it is a legal, possibly partial behaviour; else BehaviourRefused."""
    if not isinstance(content, dict):
        raise BehaviourRefused("behaviour must be a JSON object")
    for name, value in content.items():
        if name not in FIELDS or (for_payment and name in GLOBAL_ONLY):
            raise BehaviourRefused(f"{name} is not a behaviour here")
        if not _legal(name, value):
            raise BehaviourRefused(f"{name}: {value!r} is not a legal value")
    return dict(content)


def _legal(name: str, value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if name == "webhook":
        words = value.split(",") if isinstance(value, str) else [""]
        return all(WEBHOOK_WORD.fullmatch(word) for word in words)
    if name in ("browser_return", "approval"):
        return isinstance(value, bool)
    if name == "api_times":
        return value is None or (whole and value > 0)  # type: ignore[operator]
    if name in GLOBAL_ONLY:
        return whole and value >= 0  # type: ignore[operator]
    if not isinstance(value, str):
        return False
    patterns = {"api": API_WORD, "refund": REFUND_WORD, "decline": re.compile("[a-z_]{0,40}")}
    return value in API_CALLS if name == "api_on" else bool(patterns[name].fullmatch(value))


def merged(*layers: Mapping[str, object]) -> Behaviour:
    """One behaviour out of partial ones; a later layer stands above an earlier one."""
    content: dict[str, Any] = {}
    for layer in layers:
        content.update(layer)
    return Behaviour(**content)

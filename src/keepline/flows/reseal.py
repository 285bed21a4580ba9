"""`secrets.resealed`: all that is sealed is written anew under the first keys.

    T  reseal.some      some rows of one kind
    T  reseal.finish    the audit event

Others go on writing meanwhile. What a process writes that has the keys in their old order comes
under the old one: the rounds go on until one finds nothing. Killed in the middle, the same command
does the rest. Rows that no key opens are left as they are, and counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keepline.accounts import second_factor
from keepline.audit import services as audit
from keepline.flows.steps import transaction_step
from keepline.inventory.models import Card, Profile
from keepline.inventory.sealing import sealer as of_stock
from keepline.messages import browsers, endpoints, inbox
from keepline.messages.heard_models import Heard
from keepline.messages.outward_models import PushSubscription, WebhookEndpoint
from keepline.messages.sealing import sealer as of_messages
from keepline.porting.models import PortIn, PortOut
from keepline.slots.resealing import SealedColumn, Some

ACTION = "secrets.resealed"
BATCH = 500
ROUNDS = 100  # a process that seals under an old key for so long is named by the command

COLUMNS: Mapping[str, SealedColumn] = {
    "codes of cards": SealedColumn(Card, "sealed_codes", of_stock),
    "codes of eSIM profiles": SealedColumn(Profile, "sealed_confirmation_code", of_stock),
    "codes of numbers that may leave": SealedColumn(PortOut, "sealed_code", of_stock),
    "codes of numbers that come": SealedColumn(PortIn, "sealed", of_stock),
    "parts of messages": SealedColumn(Heard, "sealed", of_messages),
    "secrets of endpoints": SealedColumn(WebhookEndpoint, "sealed_secrets", endpoints.sealer),
    "addresses of browsers": SealedColumn(PushSubscription, "sealed", browsers.sealer),
}
# What is written anew: how, by its name for people.
KINDS: Mapping[str, Callable[[Any, int], Some]] = {
    **{name: column.reseal for name, column in COLUMNS.items()},
    "received messages": inbox.reseal,
    "second factors": second_factor.reseal,
}


@dataclass(frozen=True, slots=True)
class Resealed:
    """By kind, how many rows were written anew, and how many no key opens."""

    rows: Mapping[str, int]
    broken: Mapping[str, int]


def reseal(actor: str, now: datetime, batch: int = BATCH) -> Resealed:
    """Everything, kind after kind; `batch` rows in a transaction."""
    rows, broken = {}, {}
    for name, some in KINDS.items():
        rows[name], broken[name] = _until_none_is_left(some, batch)
    with transaction_step("reseal.finish"):
        audit.record(ACTION, actor=actor, now=now, facts={"rows": rows, "broken": broken})
    return Resealed(rows, broken)


def _until_none_is_left(some: Callable[[Any, int], Some], batch: int) -> tuple[int, int]:
    total = 0
    for _ in range(ROUNDS):
        done, broken = _round(some, batch)
        total += done
        if not done:
            break
    return total, broken


def _round(some: Callable[[Any, int], Some], batch: int) -> tuple[int, int]:
    done, broken, after = 0, 0, None
    while True:
        with transaction_step("reseal.some"):
            found = some(after, batch)
        if found.last is None:
            return done, broken
        done, broken, after = done + found.done, broken + found.broken, found.last

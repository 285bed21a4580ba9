"""What the tests of received messages do again and again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import transaction

from keepline.accounts.models import Account, Role
from keepline.flows.receive_message import Received, receive
from keepline.flows.show_inbox import Reader
from keepline.inventory import services as inventory
from keepline.inventory.models import Number
from keepline.inventory.services import Withdrawal
from keepline.lines.models import Line
from tests.cast import NOW, Cast

E164 = 447700900123
MARKER = "Zitronenfalter 582914"
TEXT = f"Your code is {MARKER}"
_references = count(1)


@dataclass(frozen=True)
class Sms:
    """As an entrance hands it over."""

    to: str = f"+{E164}"
    sender: str = "Example"
    text: str = TEXT
    reference: str = ""
    sent_at: datetime | None = None


def sms(**fields: Any) -> Sms:
    return Sms(**({"reference": f"ref-{next(_references)}"} | fields))


def arrives(now: datetime = NOW, **fields: Any) -> Received:
    return receive(sms(**fields), now)


def numbered(cast: Cast, e164: int = E164, since: datetime = NOW - timedelta(days=20)) -> Cast:
    """The cast's line has the number since then."""
    give(cast.account, cast.line, e164, since)
    return cast


def give(account: Account, line: Line, e164: int, since: datetime) -> None:
    inventory.add_numbers([e164], since)
    with transaction.atomic():
        inventory.assign(e164, account.id, line.id, since)
    Line.objects.filter(id=line.id).update(e164=e164)


def take(e164: int, now: datetime) -> None:
    """The number leaves its holder and rests."""
    until = now + timedelta(days=180)
    with transaction.atomic():
        inventory.lock_numbers([e164])
        inventory.withdraw_all([Withdrawal(e164, until, now + timedelta(days=120))], now)


def rested(e164: int, now: datetime) -> None:
    """The number left its holder, has rested, and lies free."""
    take(e164, now)
    Line.objects.filter(e164=e164).update(e164=None)
    Number.objects.filter(e164=e164).update(state="available", account_id=None, line_id=None)


def reader(account: Account, role: str = Role.OWNER) -> Reader:
    return Reader(account.id, role, "user:1")

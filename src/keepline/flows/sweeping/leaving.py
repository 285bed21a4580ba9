"""Which lines may run out, be cut or lose their number when it is time, and how that rests."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from keepline.catalog.queries import policy_values
from keepline.core.terms import LATENESS
from keepline.inventory import services as inventory
from keepline.lines import clock
from keepline.lines.due import DueLine
from keepline.messages import services as outbox
from keepline.orders import queries as orders

LAST_WORD = timedelta(days=7)  # before the window ends


def paid_for(batch: Sequence[DueLine]) -> set[UUID]:
    """Those whose holder has paid and only waits for us: for the network, or for staff to look.

    A payment in review keeps all lines of its account: money on its way into the wallet may be
    meant for any of them.
    """
    if not batch:
        return set()
    in_review = orders.accounts_in_review({line.account_id for line in batch})
    waiting = orders.lines_with_orders([line.id for line in batch], unpaid=False)
    return waiting | {line.id for line in batch if line.account_id in in_review}


def may_go(line: DueLine, numbers: Mapping[UUID, int], now: datetime) -> bool:
    """No number goes without one notice delivered since its line ran out.

    If we were away when it should have gone, and with it the last reminders, one since then.
    """
    if line.id not in numbers or not policy_values(line.policy_id).notice_required:
        return True
    planned_at = clock.change_at(line)
    late = planned_at is not None and now - planned_at > LATENESS
    since_at = planned_at if late else line.valid_until
    return line.warned_at is not None and (since_at is None or line.warned_at > since_at)


def withdrawal_of(policy_id: int, e164: int, now: datetime) -> inventory.Withdrawal:
    """How long the number of a line that ends now rests, and its holder may have it back."""
    rules = policy_values(policy_id)
    return inventory.Withdrawal(
        e164, now + timedelta(days=rules.quarantine_days), now + timedelta(days=rules.reclaim_days)
    )


def tell_once_more(
    leaving: Sequence[DueLine], resting: Sequence[inventory.Withdrawal], now: datetime
) -> None:
    """That a number can be had back for some days only: written with its withdrawal, sent then.

    Where the window is too short for a second letter there is none.
    """
    told: dict[datetime, list[tuple[str, UUID, UUID]]] = defaultdict(list)
    for line, rest in zip(leaving, resting, strict=True):
        at = rest.reclaim_until - LAST_WORD
        if at - now >= LAST_WORD:
            told[at].append(("number.loss_near", line.account_id, line.id))
    for at, events in told.items():
        outbox.put_all(events, at)

"""close_line: a line is given up at once, and its number can still be had back."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from keepline.core.lifecycle.line import LineState
from keepline.flows import reclaim_number, renew_line
from keepline.flows.close_line import close, preview
from keepline.flows.errors import FlowRefused
from keepline.flows.reclaim_number import ReclaimRequest
from keepline.flows.sweep_lines import sweep
from keepline.inventory import services as inventory
from keepline.inventory.models import Number, OwnershipPeriod
from keepline.lines.models import Line, LineEvent, Validity
from keepline.messages.models import Outbox
from tests.cast import NOW, Cast, assemble
from tests.flows.acts import request, valid_until
from tests.flows.at_once import at_once, deadlocks
from tests.inventory import shelves

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def on_a_line(**fields: Any) -> tuple[Cast, int]:
    """A line with a number."""
    cast = assemble(line_fields=fields or None)
    (e164,) = shelves.numbers(shelves.pool(), 1)
    with transaction.atomic():
        inventory.assign(e164, cast.account.id, cast.line.id, NOW - 30 * DAY)
    Line.objects.filter(slot=cast.account.slot, id=cast.line.id).update(e164=e164)
    return cast, e164


def state_of(line_id: UUID) -> str:
    return str(Validity.objects.by_id(line_id).state)


def test_the_number_rests_and_its_holder_may_have_it_back() -> None:
    cast, e164 = on_a_line()
    seen = preview(cast.account.id, cast.line.id, NOW)
    assert seen.lost == valid_until(cast) - NOW
    close(cast.account.id, cast.line.id, "user:1", NOW)
    number = Number.objects.get(e164=e164)
    assert (number.state, number.until_at) == ("quarantine", seen.rests_until)
    assert (number.reclaim_until, seen.back_until) == (NOW + 120 * DAY, NOW + 120 * DAY)
    assert OwnershipPeriod.objects.get(e164=e164).ends_at == NOW
    event = LineEvent.objects.get(line_id=cast.line.id)
    assert (event.target, event.cause, event.actor) == ("terminated", "closed", "user:1")
    assert Outbox.objects.get(line_id=cast.line.id).kind == "line.closed"
    assert sweep(NOW + 20 * DAY).total() == 0  # no clock runs for it
    wanted = ReclaimRequest(cast.account.id, cast.line.id, "key-0001", None, "user:1", "portal")
    started = reclaim_number.reclaim(wanted, NOW + DAY)
    assert Number.objects.get(e164=e164).line_id == started.order.line_id


@pytest.mark.parametrize("state", ["ready", "grace", "suspended", "paused"])
def test_from_every_state_in_which_it_is_the_holders(state: str) -> None:
    cast, e164 = on_a_line(state=LineState(state))
    close(cast.account.id, cast.line.id, "user:1", NOW)
    assert (state_of(cast.line.id), Number.objects.get(e164=e164).state) == (
        "terminated",
        "quarantine",
    )


def refused(cast: Cast, account_id: UUID | None = None) -> str:
    codes = set()
    for ask in (preview, partial(close, actor="user:1")):
        with pytest.raises(FlowRefused) as caught:
            ask(account_id or cast.account.id, cast.line.id, now=NOW)
        codes.add(caught.value.code)
    return "/".join(codes)


@pytest.mark.parametrize("state", ["blocked", "porting", "terminated", "provisioning"])
def test_not_from_others(state: str) -> None:
    cast, e164 = on_a_line()
    Validity.objects.filter(id=cast.line.id).update(
        state=state, next_step=None, next_action_at=None
    )
    assert refused(cast) == "closing_refused"
    Validity.objects.filter(id=cast.line.id).update(state="blocked")
    assert Number.objects.get(e164=e164).state == "assigned"


def test_another_accounts_line_is_not_there() -> None:
    cast, _ = on_a_line()
    assert refused(cast, cast.other_account.id) == "not_found"
    assert state_of(cast.line.id) == "active"


def test_not_while_an_order_is_under_way() -> None:
    cast, _ = on_a_line()
    renew_line.start(request(cast, use_wallet="none", provider="sandbox"), NOW)
    assert refused(cast) == "order_under_way"
    assert state_of(cast.line.id) == "active"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_closed_and_renewed_at_once_is_one_or_the_other() -> None:
    cast, e164 = on_a_line()
    before = deadlocks()
    at_once(
        [partial(close, cast.account.id, cast.line.id, "user:1", NOW) for _ in range(4)]
        + [
            partial(renew_line.start, request(cast, key=f"key-{place:04}"), NOW)
            for place in range(4)
        ]
    )
    assert deadlocks() == before
    assert state_of(cast.line.id) == "terminated"
    assert LineEvent.objects.filter(line_id=cast.line.id).count() == 1
    assert Number.objects.get(e164=e164).state == "quarantine"

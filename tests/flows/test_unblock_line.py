"""unblock_line: found again; the time that was paid for has run on."""

from datetime import timedelta

import pytest
from django.db import transaction

from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.core.lifecycle.order import OrderState
from keepline.flows import swap_sim
from keepline.flows.advance_order import advance
from keepline.flows.block_line import block
from keepline.flows.errors import FlowRefused
from keepline.flows.sweep_lines import sweep
from keepline.flows.unblock_line import unblock
from keepline.inventory.models import Card
from keepline.lines import services as lines
from keepline.lines.models import Validity
from tests.cast import NOW, Cast, assemble
from tests.flows.changing import numbered, sim_swap

pytestmark = pytest.mark.django_db


def state_of(cast: Cast) -> str:
    return str(Validity.objects.by_id(cast.line.id).state)


def test_found_again_it_is_as_before() -> None:
    cast, _, (iccid, *_) = numbered()
    block(cast.account.id, cast.line.id, "user:1", NOW)
    unblock(cast.account.id, cast.line.id, "user:1", NOW + timedelta(hours=1))
    assert (state_of(cast), Card.objects.get(iccid=iccid).state) == ("active", "assigned")
    with pytest.raises(FlowRefused, match="change_refused"):
        unblock(cast.account.id, cast.line.id, "user:1", NOW + timedelta(hours=2))


def test_what_ran_out_meanwhile_is_in_grace() -> None:
    cast, *_ = numbered()
    block(cast.account.id, cast.line.id, "user:1", NOW)
    later = NOW + timedelta(days=20)
    sweep(later)
    assert state_of(cast) == "blocked"
    unblock(cast.account.id, cast.line.id, "user:1", later)
    sweep(later)
    assert state_of(cast) == "grace"
    assert Validity.objects.by_id(cast.line.id).since_at == later  # its grace is whole


def test_a_swapped_line_is_unblocked_with_its_new_card() -> None:
    cast, _, (old, new, _) = numbered()
    block(cast.account.id, cast.line.id, "user:1", NOW)
    started = swap_sim.start(sim_swap(cast, iccid=new), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED
    unblock(cast.account.id, cast.line.id, "user:1", NOW)
    assert state_of(cast) == "active"
    states = {each.iccid: each.state for each in Card.objects.exclude(state="available")}
    assert states == {old: "retired", new: "assigned"}


def test_a_dispute_is_not_the_holders_to_lift() -> None:
    cast, *_ = numbered()
    with transaction.atomic():
        line = lines.lock_line(cast.line.id, cast.account.id)
        lines.transition(line, LineEvent.BLOCK, "worker", "disputed", NOW)
    with pytest.raises(FlowRefused, match="change_refused"):
        unblock(cast.account.id, cast.line.id, "user:1", NOW)
    with pytest.raises(FlowRefused, match="not_found"):
        unblock(cast.other_account.id, cast.line.id, "user:1", NOW)
    assert state_of(cast) == "blocked"


@pytest.mark.parametrize("state", [LineState.GRACE, LineState.SUSPENDED])
def test_what_was_over_before_has_the_days_that_were_left(state: LineState) -> None:
    """Or a click a month would keep a line in grace for ever, for nothing."""
    valid_until = NOW - timedelta(days=20 if state is LineState.GRACE else 50)
    cast = assemble(line_fields={"state": state, "valid_until": valid_until})
    began_at = NOW - timedelta(days=20)
    for weeks in range(3):
        at = NOW + timedelta(weeks=weeks)
        block(cast.account.id, cast.line.id, "user:1", at)
        assert sweep(at + timedelta(days=6)) == {}
        unblock(cast.account.id, cast.line.id, "user:1", at + timedelta(weeks=1))
        row = Validity.objects.by_id(cast.line.id)
        assert (row.state, row.since_at) == (state, began_at + timedelta(weeks=weeks + 1))
        assert row.next_action_at is not None


@pytest.mark.books_broken  # the line has an extension, which a successor has not
def test_a_number_that_came_back_gets_no_life_by_a_block() -> None:
    """It has no paid time at all: active, it would never run out."""
    cast = assemble(line_fields={"state": LineState.SUSPENDED})
    Validity.objects.update(valid_until=None, since_at=NOW)
    block(cast.account.id, cast.line.id, "user:1", NOW)
    unblock(cast.account.id, cast.line.id, "user:1", NOW + timedelta(hours=1))
    row = Validity.objects.by_id(cast.line.id)
    assert (row.state, row.since_at) == ("suspended", NOW + timedelta(hours=1))
    assert row.next_action_at is not None

"""unblock_line: found again; the time that was paid for has run on."""

from datetime import timedelta

import pytest
from django.db import transaction

from keepline.core.lifecycle.line import LineEvent
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
from tests.cast import NOW, Cast
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

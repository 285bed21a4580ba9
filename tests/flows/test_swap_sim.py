"""swap_sim: the number goes to another SIM, or the old one works as before."""

from datetime import timedelta

import pytest

from keepline.core.lifecycle.line import LineEvent
from keepline.core.lifecycle.order import OrderState
from keepline.flows import swap_sim
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.inventory.models import Card, Profile
from keepline.lines.models import Line
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from tests.cast import NOW
from tests.doubles import ScriptedNetwork
from tests.flows.acts import wallet
from tests.flows.changing import moved, numbered, sim_swap
from tests.inventory import shelves

pytestmark = pytest.mark.django_db
ACTIVATION = {"smdp_address": "smdp.example.com", "matching_id": "A-B-C"}
LATER = NOW + timedelta(minutes=11)


def refused(wanted: swap_sim.SimSwapRequest) -> str:
    with pytest.raises(FlowRefused) as caught:
        swap_sim.start(wanted, NOW)
    return caught.value.code


def test_from_card_to_card(network: ScriptedNetwork) -> None:
    cast, _, (old, _, new) = numbered()
    started = swap_sim.start(sim_swap(cast, iccid=new), NOW)
    assert Line.objects.get().iccid == old
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED
    assert Line.objects.get().iccid == new
    assert (Card.objects.get(iccid=old).state, Card.objects.get(iccid=new).state) == (
        "retired",
        "assigned",
    )
    told = network.standing[started.order_id].subscriber
    assert (told.iccid, told.former and told.former.iccid) == (new, old)
    assert told.imsi not in (None, told.former and told.former.imsi)
    assert wallet(cast) == (1000, 0)
    kinds = Outbox.objects.filter(order_id=started.order_id).values_list("kind", flat=True)
    assert set(kinds) == {"sim.swap_asked", "sim.swapped"}


def test_from_card_to_esim_and_on_to_another_esim() -> None:
    cast, _, (old, *_) = numbered()
    first, second = shelves.profiles(shelves.pool("uk-esim", "profile"), 2, **ACTIVATION)
    for place, (gone, iccid) in enumerate([(old, first), (first, second)]):
        asked = sim_swap(cast, sim="profile", iccid=iccid, key=f"key-000{place}")
        assert advance(swap_sim.start(asked, NOW).order_id, "en", NOW) is OrderState.COMPLETED
        assert Line.objects.get().iccid == iccid != gone
        assert Profile.objects.get(iccid=iccid).state == "released"
    assert Profile.objects.get(iccid=first).state == "unavailable"


@pytest.mark.parametrize("how", ["refuse", "mute"])
def test_what_was_not_confirmed_leaves_the_old_card(network: ScriptedNetwork, how: str) -> None:
    cast, _, (old, *_) = numbered()
    network.script = [how]
    started = swap_sim.start(sim_swap(cast), NOW)
    advance(started.order_id, "en", NOW)
    for minutes in (0, 0, 6):
        advance(started.order_id, "en", LATER + timedelta(minutes=minutes))
    assert Order.objects.by_id(started.order_id).next_action_at is None
    assert started.order_id in network.reverted
    assert Line.objects.get().iccid == old
    assert Card.objects.get(iccid=old).state == "assigned"
    assert not Card.objects.exclude(iccid=old).exclude(state="available").exists()


def test_a_blocked_line_is_swapped_and_stays_blocked(network: ScriptedNetwork) -> None:
    cast, *_ = numbered()
    moved(cast, LineEvent.BLOCK)
    started = swap_sim.start(sim_swap(cast), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED
    assert network.lines[str(cast.line.id)].state == "off"


def test_what_cannot_be_swapped_changes_nothing() -> None:
    cast, _, (old, *_) = numbered()
    assert refused(sim_swap(cast, sim="profile")) == "sim_not_free"
    assert refused(sim_swap(cast, iccid=old)) == "sim_not_free"
    assert refused(sim_swap(cast, account_id=cast.other_account.id)) == "not_found"
    shelves.profiles(shelves.pool("uk-esim", "profile"), 1)
    assert refused(sim_swap(cast, sim="profile")) == "no_smdp_plus"
    Line.objects.update(transfer_lock=True)
    assert refused(sim_swap(cast)) == "transfer_locked"
    Line.objects.update(transfer_lock=False, kind="virtual_number")
    assert refused(sim_swap(cast)) == "sim_not_for_plan"
    assert not Card.objects.exclude(iccid=old).exclude(state="available").exists()

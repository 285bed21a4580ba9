"""swap_sim: the number goes to another SIM, or the old one works as before."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from keepline.core.lifecycle.line import LineEvent
from keepline.core.lifecycle.order import OrderState
from keepline.flows import swap_sim
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_profile import follow_profile
from keepline.inventory.models import Card, Profile
from keepline.lines.models import Line
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from tests.cast import NOW
from tests.doubles import ScriptedNetwork, ScriptedSmdp
from tests.flows.acts import wallet
from tests.flows.changing import moved, numbered, sim_swap
from tests.flows.test_follow_profile import INSTALLED, told
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


def locks_of(run: Callable[[], object]) -> list[str]:
    """The tables whose rows were locked, in turn, with the ICCIDs that were named."""
    with CaptureQueriesContext(connection) as caught:
        run()
    found = [each["sql"] for each in caught.captured_queries if "FOR NO KEY UPDATE" in each["sql"]]
    return [re.sub(r"\s+", " ", sql) for sql in found]


def test_both_sims_are_locked_before_the_line() -> None:
    """The order that everybody takes: who blocks the line as lost has its card first as well."""
    cast, _, (old, _, new) = numbered()
    started = swap_sim.start(sim_swap(cast, iccid=new), NOW)
    locks = locks_of(lambda: advance(started.order_id, "en", NOW))
    sims_at = [at for at, sql in enumerate(locks) if old in sql or new in sql]
    line_at = next(at for at, sql in enumerate(locks) if "FOR NO KEY UPDATE OF v" in sql)
    assert old in locks[0]
    assert new in locks[0]
    assert sims_at[0] < line_at
    assert Line.objects.get().iccid == new


UNUSED = ["ok", "lost", "mute", "trouble", "wrong_state", "profile_unknown"]


@pytest.mark.parametrize("word", UNUSED)
def test_a_profile_that_nobody_downloaded_is_taken_back(smdp: ScriptedSmdp, word: str) -> None:
    cast, _, _ = numbered()
    first, second = shelves.profiles(shelves.pool("uk-esim", "profile"), 2)
    for place in range(2):
        asked = sim_swap(cast, sim="profile", key=f"key-000{place}")
        order_id = swap_sim.start(asked, NOW).order_id
        assert advance(order_id, "en", NOW) is OrderState.COMPLETED
    assert Line.objects.get().iccid == second
    assert Profile.objects.get(iccid=first).state == "released", "its code still opens something"
    smdp.script = [word]
    for minutes in (0, 1, 2):
        advance(order_id, "en", NOW + timedelta(minutes=minutes))
    order = Order.objects.by_id(order_id)
    assert (order.state, order.next_action_at) == ("completed", None)
    assert Profile.objects.get(iccid=first).state == "unavailable"
    calls = [call_id for step, call_id in smdp.calls if step == "cancel"]
    assert len(calls) == (2 if word in ("lost", "mute", "trouble") else 1)
    assert len(set(calls)) == (2 if word == "trouble" else 1), "after a silence the same call"
    definite = ("wrong_state", "profile_unknown")
    assert (first in smdp.states) is (word in definite)


def test_what_was_downloaded_meanwhile_is_left_alone(smdp: ScriptedSmdp) -> None:
    cast, _, _ = numbered()
    first, _ = shelves.profiles(shelves.pool("uk-esim", "profile"), 2)
    for place in range(2):
        order_id = swap_sim.start(
            sim_swap(cast, sim="profile", key=f"key-000{place}"), NOW
        ).order_id
        advance(order_id, "en", NOW)
    follow_profile(told(first, INSTALLED), NOW)
    advance(order_id, "en", NOW)
    assert Profile.objects.get(iccid=first).state == "installed"
    assert [step for step, _ in smdp.calls].count("cancel") == 0
    assert Order.objects.by_id(order_id).next_action_at is None


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

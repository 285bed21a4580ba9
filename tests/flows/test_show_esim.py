"""show_esim: how far an eSIM has come, with the instants that were told."""

from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.flows import buy_line
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_profile import follow_profile
from keepline.flows.show_esim import show_esim
from keepline.inventory.models import Profile
from tests.cast import NOW
from tests.doubles import ScriptedNetwork, ScriptedSmdp
from tests.flows.buying import request, stocked
from tests.flows.test_follow_profile import DOWNLOADED, EID, ENABLED, INSTALLED, told

pytestmark = pytest.mark.django_db


def test_from_the_order_to_a_phone_in_use(
    smdp: ScriptedSmdp, network: ScriptedNetwork, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cast, *_ = stocked()
    network.script = ["lost"]
    started = buy_line.start(request(cast), NOW)
    line_id, account_id = started.order.served_line, cast.account.id
    assert show_esim(line_id, account_id, NOW).stage == "preparing"
    advance(started.order_id, "en", NOW)
    # The SM-DP+ has released it, the network does not know of the line yet: it may still go back.
    assert Profile.objects.get(line_id=line_id).state == "released"
    view = show_esim(line_id, account_id, NOW)
    assert (view.stage, view.has_code) == ("preparing", False)
    advance(started.order_id, "en", NOW + timedelta(minutes=1))
    view = show_esim(line_id, account_id, NOW)
    assert (view.stage, view.has_code, view.eid) == ("ready", True, "")
    assert [step.state for step in view.steps] == ["done", "done", "yours", "next", "next"]
    for minute, point in ((5, DOWNLOADED), (6, INSTALLED), (9, ENABLED)):
        follow_profile(told(view.iccid, point, minute), NOW)
    with django_assert_num_queries(4):
        view = show_esim(line_id, account_id, NOW)
    assert (view.stage, view.has_code, view.eid) == ("enabled", False, EID)
    assert [step.at and int((step.at - NOW).total_seconds() / 60) for step in view.steps] == [
        0,
        None,
        5,
        6,
        9,
    ]


def test_a_purchase_that_went_back_has_no_esim(smdp: ScriptedSmdp) -> None:
    cast, *_ = stocked()
    smdp.script = ["profile_unknown"]
    started = buy_line.start(request(cast), NOW)
    line_id = started.order.served_line
    advance(started.order_id, "en", NOW)
    advance(started.order_id, "en", NOW)
    for line, account in (
        (line_id, cast.account.id),
        (cast.line.id, cast.account.id),
        (line_id, cast.other_account.id),
        (uuid4(), cast.account.id),
    ):
        with pytest.raises(FlowRefused, match="not_found"):
            show_esim(line, account, NOW)

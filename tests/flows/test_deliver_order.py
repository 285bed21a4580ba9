"""deliver_order: confirmed, refused or silent."""

from datetime import datetime, timedelta

import pytest

from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.lines.models import LineEvent, Validity
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import pay_by_provider, request, wallet

pytestmark = pytest.mark.django_db


def test_in_grace_the_network_is_told_and_the_line_comes_back(network: ScriptedNetwork) -> None:
    cast = assemble()
    Validity.objects.filter(id=cast.line.id).update(
        state=LineState.GRACE, valid_until=NOW - timedelta(days=3)
    )
    started = renew_line.start(request(cast), NOW)
    assert started.state is OrderState.IN_PROGRESS
    assert wallet(cast) == (1000, 300)
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED
    row = Validity.objects.by_id(cast.line.id)
    assert row.state == LineState.ACTIVE
    assert row.valid_until == datetime.fromisoformat("2026-04-10T11:00:00+00:00")
    assert wallet(cast) == (700, 0)
    assert network.lines[str(cast.line.id)].valid_until == row.valid_until
    assert LineEvent.objects.get(line_id=cast.line.id).target == "active"


def test_a_silent_network_is_asked_later(network: ScriptedNetwork, provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["mute"]
    order_id = pay_by_provider(cast, provider)
    assert advance(order_id, "en", NOW) is OrderState.HELD
    assert advance(order_id, "en", NOW + timedelta(seconds=10)) is OrderState.COMPLETED

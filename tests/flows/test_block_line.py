"""block_line: whoever has the card can do nothing with the line."""

import pytest

from keepline.core.lifecycle.line import LineEvent
from keepline.flows.block_line import block
from keepline.flows.errors import FlowRefused
from keepline.inventory.models import Card
from keepline.lines.models import NetworkDue, Validity
from keepline.messages.models import Outbox
from tests.cast import NOW
from tests.flows.changing import moved, numbered

pytestmark = pytest.mark.django_db


def test_line_and_card_are_blocked_and_the_network_is_told() -> None:
    cast, _, (iccid, *_) = numbered()
    block(cast.account.id, cast.line.id, "user:1", NOW)
    assert Validity.objects.by_id(cast.line.id).state == "blocked"
    assert Card.objects.get(iccid=iccid).state == "blocked"
    assert NetworkDue.objects.filter(id=cast.line.id).exists()
    assert Outbox.objects.get().kind == "line.blocked"


def test_a_bare_number_can_be_blocked() -> None:
    cast, *_ = numbered(sim=False)
    block(cast.account.id, cast.line.id, "user:1", NOW)
    assert Validity.objects.by_id(cast.line.id).state == "blocked"


def test_what_cannot_be_blocked_stays_as_it_is() -> None:
    cast, _, (iccid, *_) = numbered()
    for account, code in ((cast.other_account, "not_found"), (cast.account, "change_refused")):
        if code == "change_refused":
            moved(cast, LineEvent.PAUSE)
        with pytest.raises(FlowRefused, match=code):
            block(account.id, cast.line.id, "user:1", NOW)
    assert Card.objects.get(iccid=iccid).state == "assigned"
    assert not Outbox.objects.exists()

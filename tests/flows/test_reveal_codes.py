"""reveal_codes: the codes of one's own card, never without a trace of who saw them."""

import logging
from typing import Any
from uuid import UUID

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows import reveal_codes as flow
from keepline.flows.errors import FlowRefused
from keepline.flows.reveal_codes import CardCodes, reveal_codes
from keepline.inventory import holding, sims
from keepline.inventory.models import Card
from keepline.inventory.sealing import sealer
from keepline.slots.ids import new_id
from tests.cast import NOW
from tests.inventory import shelves

pytestmark = [pytest.mark.django_db, pytest.mark.books_broken]  # lines without their accounts
ALICE, LINE = new_id(1), new_id(1)


def sold(**codes: str) -> str:
    (iccid,) = shelves.cards(shelves.pool("plastic", "card"), 1)
    if codes:
        Card.objects.update(sealed_codes=sealer().seal(iccid, codes))
    holding.hold(Card, iccid, ALICE, NOW + holding.HOLD_FOR, NOW)
    sims.assign_card(iccid, ALICE, LINE, NOW)
    return iccid


def refused(iccid: str, account: UUID) -> str:
    with pytest.raises(FlowRefused) as caught:
        reveal_codes(iccid, account, "user:1", NOW)
    return caught.value.code


def test_a_holder_sees_them_and_the_trail_says_so(caplog: pytest.LogCaptureFixture) -> None:
    iccid = sold(pin="4711", puk="87654321")
    with caplog.at_level(logging.DEBUG):
        codes = reveal_codes(iccid, ALICE, "user:1", NOW)
    assert codes == CardCodes(iccid, "4711", "87654321", "", "")
    event = AuditEvent.objects.get(action="card.codes_shown")
    assert (event.actor, event.account_id, event.subject_id) == ("user:1", ALICE, LINE)
    assert event.facts == {"iccid": iccid, "codes": ["pin", "puk"]}
    for secret in ("4711", "87654321"):
        assert secret not in repr(codes).replace(iccid, "")
        assert secret not in caplog.text


def test_each_look_is_written() -> None:
    iccid = sold(pin="4711")
    for _ in range(3):
        reveal_codes(iccid, ALICE, "user:1", NOW)
    assert AuditEvent.objects.filter(action="card.codes_shown").count() == 3


def test_others_hear_what_they_hear_of_a_card_that_does_not_exist() -> None:
    iccid = sold(pin="4711")
    assert refused(iccid, new_id(2)) == refused(shelves.iccid(99), ALICE) == "not_found"
    assert AuditEvent.objects.count() == 0


def test_of_a_card_on_the_shelf_or_without_codes_there_is_nothing_to_see() -> None:
    iccid = sold()
    assert refused(iccid, ALICE) == "not_found"
    Card.objects.update(state="held", line_id=None, sealed_codes=sealer().seal(iccid, {"pin": "1"}))
    assert refused(iccid, ALICE) == "not_found"


def test_no_trace_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    iccid = sold(pin="4711")

    def fails(*_args: Any, **_fields: Any) -> None:
        raise RuntimeError("the trail is full")

    monkeypatch.setattr(flow.audit, "record", fails)
    with pytest.raises(RuntimeError):
        reveal_codes(iccid, ALICE, "user:1", NOW)

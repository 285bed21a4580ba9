"""decide_refund: a large refund needs two people."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.refund import RefundState
from keepline.flows.advance_order import advance
from keepline.flows.decide_refund import Decision, decide_refund
from keepline.flows.errors import FlowRefused
from keepline.flows.list_refunds import list_refunds
from keepline.lines.models import Reversal
from keepline.payments import limits
from keepline.payments.models import Refund
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import valid_until, wallet
from tests.flows.refunds import ANNA, BERT, bought, refunded, topped_up

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def every_refund_needs_two() -> Iterator[None]:
    limits.put_in_force(replace(limits.shipped(), refunds={"default": 0}))
    yield
    limits.put_in_force(None)


def decided(refund: Refund, allowed: bool = True, actor: str = BERT, **fields: Any) -> Refund:
    now = fields.pop("now", NOW)
    return decide_refund(Decision(refund.id, allowed, fields.pop("reason", ""), actor), now)


def test_somebody_else_allows_it_and_it_goes_out(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    asked = refunded(order)
    advance(order.id, "en", NOW)
    assert not provider.refunds
    assert valid_until(cast) == order.valid_until_after
    assert [one.refund.id for one in list_refunds()] == [asked.id]
    refund = decided(asked)
    assert (refund.state, refund.decided_by) == (RefundState.SENDING, BERT)
    assert list_refunds() == []
    advance(order.id, "en", NOW)
    assert Refund.objects.get().state == RefundState.REFUNDED
    assert wallet(cast) == (100, 0)
    trail = AuditEvent.objects.filter(subject_id=asked.id).order_by("id")
    assert [(event.actor, event.action) for event in trail] == [
        (ANNA, "order.refund_asked"),
        (BERT, "order.refund_decided"),
    ]


def test_nobody_allows_their_own() -> None:
    cast = assemble(wallet_minor=300)
    asked = refunded(bought(cast))
    with pytest.raises(FlowRefused, match="second_person"):
        decided(asked, actor=ANNA)
    assert wallet(cast) == (0, 0)


def test_the_database_knows_it_too() -> None:
    cast = assemble(wallet_minor=300)
    asked = refunded(bought(cast))
    with pytest.raises(IntegrityError, match="refund_by_two_people"), transaction.atomic():
        Refund.objects.filter(id=asked.id).update(state="to_wallet", decided_by=ANNA)


def test_no_means_no_and_says_why() -> None:
    cast = assemble(wallet_minor=300)
    order = bought(cast)
    asked = refunded(order)
    with pytest.raises(FlowRefused, match="reason_missing"):
        decided(asked, allowed=False)
    refund = decided(asked, allowed=False, reason="used it all")
    assert (refund.state, refund.answer) == (RefundState.REJECTED, "used it all")
    assert (wallet(cast), valid_until(cast)) == ((0, 0), order.valid_until_after)
    assert refunded(order, key="refund-02").state == RefundState.REQUESTED, "it may be asked again"


def test_the_same_decision_twice_is_one_and_another_is_refused() -> None:
    cast = assemble(wallet_minor=300)
    asked = refunded(bought(cast))
    decided(asked)
    assert decided(asked).state == RefundState.TO_WALLET
    assert wallet(cast) == (300, 0)
    with pytest.raises(FlowRefused, match="refund_decided"):
        decided(asked, allowed=False, reason="no")
    with pytest.raises(FlowRefused, match="refund_decided"):
        decided(asked, actor="staff:3")


def test_the_amount_is_the_one_asked_for_and_the_term_ends_when_it_is_allowed() -> None:
    cast = assemble(wallet_minor=300, line_fields={"valid_until": NOW})
    order = bought(cast)
    asked = refunded(order, NOW + DAY, scope="pro_rata")
    refund = decided(asked, now=NOW + 4 * DAY)
    assert refund.amount_minor == asked.amount_minor
    assert Reversal.objects.get().ended_at == NOW + 4 * DAY == valid_until(cast)


def test_a_term_that_ran_out_while_it_waited_is_money_alone() -> None:
    cast = assemble(wallet_minor=300, line_fields={"valid_until": NOW})
    asked = refunded(bought(cast))
    assert asked.ends_service
    refund = decided(asked, now=NOW + 50 * DAY)
    assert not refund.ends_service
    assert not Reversal.objects.exists()
    assert wallet(cast) == (300, 0)


def test_what_waits_is_not_asked_for_twice(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = bought(cast, provider=provider)
    refunded(order, scope="part", amount_minor=250)
    second = refunded(order, key="refund-02", scope="part", amount_minor=50)
    assert (second.amount_minor, second.method_minor) == (50, 0), "the first has the provider's"
    with pytest.raises(FlowRefused, match="refund_nothing_left"):
        refunded(order, key="refund-03")


def test_money_that_was_spent_while_it_waited_is_not_given(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    order = topped_up(cast, provider, 500)
    asked = refunded(order)
    bought(cast)
    with pytest.raises(FlowRefused, match="refund_spent"):
        decided(asked)
    assert wallet(cast) == (200, 0)
    assert Refund.objects.get().state == RefundState.REQUESTED


def test_a_later_order_stands_in_the_way_of_the_second_person_too() -> None:
    cast = assemble(wallet_minor=600)
    asked = refunded(bought(cast))
    bought(cast, "key-0002")
    with pytest.raises(FlowRefused, match="refund_later_term"):
        decided(asked)


def test_an_unknown_refund() -> None:
    cast = assemble()
    with pytest.raises(FlowRefused, match="not_found"):
        decide_refund(Decision(cast.line.id, allowed=True, reason="", actor=BERT), NOW)

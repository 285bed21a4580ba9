"""reconcile: what the provider has and we have not is booked; what contradicts us is named."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.order import OrderState
from keepline.core.reconciliation import Kind, Totals
from keepline.flows import renew_line
from keepline.flows.audit_books import audit
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.reconcile import reconcile
from keepline.flows.reconciling.record import Reconciliation
from keepline.flows.settle_payment import settle
from keepline.gateways import switchboard
from keepline.gateways.payments.port import (
    PaymentStatus,
    ProviderUnknown,
    RefundRequest,
    RefundStatus,
)
from keepline.orders.models import Order
from keepline.payments.models import Payment
from keepline.payments.services import payment_id_of
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import request
from tests.flows.at_once import work_off
from tests.flows.refunds import bought, refunded

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TAKEN = PaymentStatus("captured", 300, "USD", 300, 0, "pay_x")


def opened(cast: Cast, key: str = "key-0001") -> UUID:
    asked = request(cast, provider="sandbox", use_wallet="none", key=key)
    order_id = renew_line.start(asked, NOW).order_id
    open_payment(order_id, "en", NOW)
    return order_id


def night() -> Reconciliation:
    return reconcile("sandbox", NOW - DAY, NOW + DAY, "worker", NOW + timedelta(minutes=5))


def test_books_that_agree(provider: FakeProvider) -> None:
    order_id = opened(assemble())
    provider.pay(payment_id_of(order_id))
    settle(order_id, NOW)
    result = night()
    assert (result.compared, result.settled, result.left) == (1, [], [])
    assert result.totals == {"USD": Totals(300, 300)}
    kept = AuditEvent.objects.get(action="provider.reconciled")
    assert kept.facts["left"] == 0
    assert kept.facts["totals"] == {"USD": {"ours_minor": 300, "theirs_minor": 300}}


def test_what_no_road_told_is_booked(provider: FakeProvider) -> None:
    order_id = opened(assemble())
    provider.pay(payment_id_of(order_id))  # and neither webhook nor return came
    result = night()
    assert [one.kind for one in result.settled] == [Kind.NOT_BOOKED]
    assert (result.left, result.totals) == ([], {"USD": Totals(300, 300)})
    assert Order.objects.by_id(order_id).state == OrderState.COMPLETED
    assert audit(NOW) == []
    assert night().settled == []


def test_late_money_that_goes_straight_back_leaves_nothing(provider: FakeProvider) -> None:
    order_id = opened(assemble())
    payment_id = payment_id_of(order_id)
    provider.decline(payment_id)
    assert settle(order_id, NOW) is OrderState.CANCELLED
    provider.pay(payment_id)
    result = night()
    assert ([one.kind for one in result.settled], result.left) == ([Kind.NOT_BOOKED], [])
    assert Payment.objects.by_id(payment_id).refunded_minor == 300
    assert result.totals == {}  # taken and given back


def test_a_payment_that_was_never_ours_is_for_a_person(provider: FakeProvider) -> None:
    stranger = uuid4()
    provider.payments[stranger] = TAKEN
    result = night()
    assert [(one.kind, one.payment_id, one.order_id) for one in result.left] == [
        (Kind.UNKNOWN_HERE, stranger, None)
    ]


def test_money_they_deny_is_for_a_person(provider: FakeProvider) -> None:
    order_id = opened(assemble())
    payment_id = payment_id_of(order_id)
    provider.pay(payment_id)
    settle(order_id, NOW)
    provider.payments[payment_id] = replace(
        provider.payments[payment_id], status="expired", captured_minor=0
    )
    result = night()
    assert [one.kind for one in result.left] == [Kind.NOT_CAPTURED_THERE]
    assert Payment.objects.by_id(payment_id).captured_minor == 300  # nothing was touched


def test_what_lies_at_the_edge_of_their_list_is_asked_for(provider: FakeProvider) -> None:
    order_id = opened(assemble())
    provider.pay(payment_id_of(order_id))
    settle(order_id, NOW)
    provider.unlisted.add(payment_id_of(order_id))
    assert night().left == []


def test_a_refund_made_at_their_desk_without_a_sale_here_is_for_a_person(
    provider: FakeProvider,
) -> None:
    order_id = opened(assemble())
    payment_id = payment_id_of(order_id)
    provider.pay(payment_id)
    settle(order_id, NOW)  # it has no receipt yet
    provider.refund_at_desk(payment_id, 120)
    (left,) = night().left
    assert (left.kind, left.ours_minor, left.theirs_minor) == (Kind.REFUND_NOT_BOOKED, 0, 120)


def given_back(provider: FakeProvider) -> tuple[UUID, PaymentStatus]:
    """(payment, what it was before) of 2.00 USD that went back in part, and were booked so."""
    order = bought(assemble(wallet_minor=100), provider=provider)
    before = provider.payments[payment_id_of(order.id)]
    refunded(order, scope="part", amount_minor=120)
    work_off(NOW)
    assert Payment.objects.get().refunded_minor == 120
    return payment_id_of(order.id), before


def test_a_list_that_lags_behind_a_refund_denies_nothing(provider: FakeProvider) -> None:
    payment_id, before = given_back(provider)
    provider.listed[payment_id] = before  # as PayPal's, whose refunds come hours later
    result = night()
    assert (result.settled, result.left) == ([], [])
    assert result.totals == {"USD": Totals(80, 80)}


def test_a_list_that_lags_behind_a_capture_denies_nothing(provider: FakeProvider) -> None:
    payment_id = payment_id_of(bought(assemble(wallet_minor=100), provider=provider).id)
    provider.listed[payment_id] = replace(
        provider.payments[payment_id], status="pending", captured_minor=0
    )
    assert night().left == []


def test_a_provider_that_shows_an_old_payment_no_more_does_not_deny_it(
    provider: FakeProvider,
) -> None:
    payment_id, before = given_back(provider)
    provider.listed[payment_id] = before
    provider.payments[payment_id] = PaymentStatus("expired", 0, "", 0, 0, "pay_x")
    assert [one.kind for one in night().left] == [Kind.REFUND_MISSING]


class TellsNoRefunds(FakeProvider):
    """As Alipay: of a payment it shows no refund in part, but each by its own id."""

    tells_refunds = False  # type: ignore[misc]

    def ask_refund(self, request: RefundRequest) -> RefundStatus | None:
        self._answer()
        return self.refunds.get(request.refund_id)

    def ask(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        return replace(super().ask(payment_id, provider_payment_id), refunded_minor=0, refunds={})


def test_refunds_that_a_payment_does_not_tell_are_asked_for_by_their_ids() -> None:
    provider = TellsNoRefunds()
    switchboard.connect("payments:sandbox", lambda: provider)
    payment_id, before = given_back(provider)
    provider.listed[payment_id] = before  # the bill of the refund's day comes tomorrow
    assert night().left == []
    provider.refunds.clear()
    assert [one.kind for one in night().left] == [Kind.REFUND_MISSING]


def test_what_only_a_list_tells_is_not_forgotten_by_asking() -> None:
    provider = TellsNoRefunds()
    switchboard.connect("payments:sandbox", lambda: provider)
    payment_id, before = given_back(provider)
    provider.listed[payment_id] = replace(before, refunded_minor=150)  # 0.30 of it by hand
    (left,) = night().left
    assert (left.kind, left.ours_minor, left.theirs_minor) == (Kind.REFUND_NOT_BOOKED, 120, 150)


def test_a_silent_provider_records_nothing(provider: FakeProvider) -> None:
    provider.silent = 1
    with pytest.raises(ProviderUnknown):
        night()
    assert not AuditEvent.objects.filter(action="provider.reconciled").exists()


@pytest.mark.parametrize(
    ("name", "days", "code"), [("nobody", 1, "provider_unknown"), ("sandbox", 0, "span_refused")]
)
def test_wrong_words_are_refused(name: str, days: int, code: str) -> None:
    with pytest.raises(FlowRefused, match=code):
        reconcile(name, NOW, NOW + days * DAY, "operator", NOW)

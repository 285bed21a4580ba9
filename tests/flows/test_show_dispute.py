"""show_dispute: the evidence says what was ordered, given and paid, and nothing of the payer."""

import pytest

from keepline.flows.errors import FlowRefused
from keepline.flows.follow_disputes import follow_disputes
from keepline.flows.show_dispute import show_dispute
from keepline.payments.models import Dispute, Payment
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider
from tests.flows.refunds import bought, refunded

pytestmark = pytest.mark.django_db


def test_the_evidence_is_the_orders_record(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100, data_bytes=1000)
    order = bought(cast, provider=provider)
    refunded(order, scope="part", amount_minor=100, destination="wallet")
    provider.dispute(Payment.objects.get().id)
    follow_disputes(order.id, NOW, told=True)
    shown = show_dispute(Dispute.objects.get().id, NOW)
    text = shown.evidence
    payment = Payment.objects.get()
    for fact in (
        str(order.id),
        f"receipt {order.receipt_number}",
        "Total 3.00 USD",
        f"Payment {payment.provider_payment_id}",
        "- Ordered: 2026-03-10 12:00:00",
        "- Service extended:",
        f"- valid until {order.valid_until_after:%Y-%m-%d %H:%M} after",
        "- bytes: 1000 before, 2000 after",
        "Refunded 2026-03-10: 1.00 USD",
    ):
        assert fact in text, fact
    assert "alice" not in text.lower()


def test_none_of_ours() -> None:
    with pytest.raises(FlowRefused, match="not_found"):
        show_dispute(assemble().line.id, NOW)

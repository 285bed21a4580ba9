"""answer_dispute: evidence is sent once, and kept as it was sent."""

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows.answer_dispute import answer_dispute
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_disputes import follow_disputes
from keepline.payments.models import Dispute, Payment
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider
from tests.flows.refunds import ANNA, BERT, bought

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispute(provider: FakeProvider) -> Dispute:
    order = bought(assemble(wallet_minor=100), provider=provider)
    provider.dispute(Payment.objects.get().id)
    follow_disputes(order.id, NOW, told=True)
    return Dispute.objects.get()  # type: ignore[no-any-return]


def test_it_is_sent_once_and_kept(provider: FakeProvider, dispute: Dispute) -> None:
    answered = answer_dispute(dispute.id, " It was used. ", ANNA, NOW)
    assert provider.evidence == {"dispute-1": "It was used."}
    assert (answered.evidence, answered.answered_by, answered.answered_at) == (
        "It was used.",
        ANNA,
        NOW,
    )
    assert answer_dispute(dispute.id, "It was used.", BERT, NOW).answered_by == ANNA
    with pytest.raises(FlowRefused, match="dispute_closed"):
        answer_dispute(dispute.id, "Or was it?", BERT, NOW)
    assert AuditEvent.objects.filter(action="payment.dispute_answered").count() == 1


@pytest.mark.parametrize("text", ["", "  ", "x" * 20_001])
def test_an_empty_or_endless_text_is_not_sent(
    provider: FakeProvider, dispute: Dispute, text: str
) -> None:
    with pytest.raises(FlowRefused, match="evidence_refused"):
        answer_dispute(dispute.id, text, ANNA, NOW)
    assert provider.evidence == {}


def test_a_silent_provider_is_not_taken_for_a_yes(provider: FakeProvider, dispute: Dispute) -> None:
    provider.silent = 1
    with pytest.raises(FlowRefused, match="provider_silent"):
        answer_dispute(dispute.id, "It was used.", ANNA, NOW)
    assert Dispute.objects.get().answered_at is None
    assert answer_dispute(dispute.id, "It was used.", ANNA, NOW).answered_at == NOW


def test_what_is_decided_is_not_answered(provider: FakeProvider, dispute: Dispute) -> None:
    provider.dispute(dispute.payment_id, "won")
    follow_disputes(dispute.order_id, NOW)
    with pytest.raises(FlowRefused, match="dispute_closed"):
        answer_dispute(dispute.id, "It was used.", ANNA, NOW)
    with pytest.raises(FlowRefused, match="not_found"):
        answer_dispute(dispute.order_id, "It was used.", ANNA, NOW)

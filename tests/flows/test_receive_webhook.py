"""receive_webhook: stored once, believed never."""

import pytest
from django.test import Client

from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.receive_webhook import receive_webhook
from keepline.gateways.payments.port import SignatureRefused
from keepline.orders.models import Order
from keepline.payments.models import Payment, ProviderEvent
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import request

pytestmark = pytest.mark.django_db
GOOD = {"X-Good": "yes"}


def test_an_event_makes_its_order_due_once(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    payment = Payment.objects.get(order_id=started.order_id)
    body = f"evt_1 {payment.id}".encode()
    assert receive_webhook("sandbox", GOOD, body, NOW) is True
    assert receive_webhook("sandbox", GOOD, body, NOW) is False
    assert Order.objects.by_id(started.order_id).next_action_at == NOW
    assert ProviderEvent.objects.count() == 1


def test_a_bad_signature_writes_nothing() -> None:
    cast = assemble()
    with pytest.raises(SignatureRefused):
        receive_webhook("sandbox", {}, f"evt_1 {cast.line.id}".encode(), NOW)
    assert not ProviderEvent.objects.exists()


def test_an_event_about_nothing_of_ours_changes_nothing() -> None:
    cast = assemble()
    assert receive_webhook("sandbox", GOOD, f"evt_2 {cast.line.id}".encode(), NOW)
    assert not Order.objects.filter(next_action_at__isnull=False).exists()


def test_a_provider_the_operator_has_not() -> None:
    with pytest.raises(FlowRefused, match="not_found"):
        receive_webhook("nobody", GOOD, b"", NOW)


def test_an_event_with_an_id_that_was_never_ours(provider: FakeProvider) -> None:
    stranger = "ffffffff-ffff-4fff-bfff-ffffffffffff"  # carries no slot
    assert receive_webhook("sandbox", GOOD, f"evt_3 {stranger}".encode(), NOW)


def test_a_dispute_that_nobody_could_look_up_is_sent_again(
    client: Client, provider: FakeProvider
) -> None:
    body = f"evt_4 {assemble().line.id} dispute.opened"
    provider.silent = 1
    statuses = [
        client.post(
            "/webhooks/payments/sandbox/", body, content_type="text/plain", headers=GOOD
        ).status_code
        for _ in range(2)
    ]
    assert statuses == [503, 200]
    assert [event.kind for event in ProviderEvent.objects.all()] == ["dispute.opened"]

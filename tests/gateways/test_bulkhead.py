"""The bulkhead: a few calls at once, an honest silence for the rest, nothing lost or changed."""

import threading
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from keepline.gateways import switchboard
from keepline.gateways.payments.bulkhead import Bulkhead
from keepline.gateways.payments.port import PaymentStatus, ProviderRefused, ProviderUnknown
from tests.doubles import FakeProvider
from tests.gateways.contract_payments import a_request

NOW = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


class Hanging(FakeProvider):
    """Answers nobody before `over`; counts who waits."""

    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()
        self.waiting = threading.Semaphore(0)

    def ask(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        self.waiting.release()
        assert self.over.wait(20)
        return super().ask(payment_id, provider_payment_id)


def crowd(provider: Bulkhead, people: int) -> list[threading.Thread]:
    threads = [threading.Thread(target=lambda: provider.ask(uuid4(), None)) for _ in range(people)]
    for thread in threads:
        thread.start()
    return threads


def test_who_finds_no_place_is_told_of_silence_and_was_not_sent() -> None:
    hanging = Hanging()
    provider = Bulkhead(hanging, at_once=2, wait_s=0.01)
    inside = crowd(provider, 2)
    for _ in inside:
        assert hanging.waiting.acquire(timeout=20)
    request = a_request()
    with pytest.raises(ProviderUnknown, match="all places wait"):
        provider.open_payment(request)
    assert request.payment_id not in hanging.payments
    hanging.over.set()
    for thread in inside:
        thread.join(20)
    assert provider.open_payment(request).checkout_url


def test_a_call_that_failed_gives_its_place_back() -> None:
    fake = FakeProvider(refuse_opening=True)
    provider = Bulkhead(fake, at_once=1, wait_s=0.01)
    for _ in range(3):
        with pytest.raises(ProviderRefused):
            provider.open_payment(a_request())
    fake.refuse_opening = False
    assert provider.open_payment(a_request()).checkout_url


def test_webhooks_are_verified_while_their_sender_hangs() -> None:
    hanging = Hanging()
    provider = Bulkhead(hanging, at_once=1, wait_s=0.01)
    inside = crowd(provider, 1)
    assert hanging.waiting.acquire(timeout=20)
    payment_id = uuid4()
    body = f"evt_1 {payment_id}".encode()
    assert provider.verify_webhook({"X-Good": "yes"}, body, NOW).payment_id == payment_id
    assert (provider.name, provider.acknowledgement) == ("sandbox", "ok")
    hanging.over.set()
    inside[0].join(20)


def test_it_is_put_before_payments_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchboard, "_factories", {})
    switchboard.connect("payments:sandbox", FakeProvider)
    switchboard.connect("network", lambda: "a network")
    switchboard.put_before_payments(Bulkhead)
    assert type(switchboard.payments("sandbox")) is Bulkhead
    assert switchboard.network() == "a network"
    switchboard._adapter.cache_clear()


def test_all_who_come_first_at_once_find_the_same_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def slowly() -> FakeProvider:
        made.append(threading.Event().wait(0.05))
        return FakeProvider()

    monkeypatch.setattr(switchboard, "_factories", {})
    switchboard.connect("payments:sandbox", slowly)
    threads = [threading.Thread(target=switchboard.payments, args=("sandbox",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(made) == 1
    switchboard._adapter.cache_clear()

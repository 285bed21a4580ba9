"""The sandbox's bad days: each behaviour does what it says, and the adapter names it rightly."""

import time
from uuid import UUID

import pytest

from keepline.gateways.payments.port import ProviderUnknown
from keepline.gateways.payments.sandbox.provider.behaviour import (
    Behaviour,
    BehaviourRefused,
    checked,
)
from keepline.gateways.payments.sandbox.provider.magic import MAGIC_AMOUNTS, magic_behaviour
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.inbox import Inbox
from tests.gateways.sandbox_process import SandboxProcess


def test_answer_lost_has_happened(sandbox: SandboxProcess) -> None:
    request = a_request()
    sandbox.behave(api="answer_lost", api_on="open", api_times=1)
    with pytest.raises(ProviderUnknown):
        sandbox.adapter().open_payment(request)
    status = sandbox.adapter().ask(request.payment_id, None)
    assert status.status == "pending"
    assert sandbox.adapter().open_payment(request).provider_payment_id == status.provider_payment_id


def test_error_500_has_not_happened(sandbox: SandboxProcess) -> None:
    request = a_request()
    sandbox.behave(api="error_500", api_times=2)
    for _ in range(2):
        with pytest.raises(ProviderUnknown):
            sandbox.adapter().open_payment(request)
    assert sandbox.adapter().ask(request.payment_id, None).status == "not_found"


def test_hang_runs_into_the_time_out(sandbox: SandboxProcess) -> None:
    request = a_request()
    sandbox.behave(api="hang", api_on="open")
    started = time.monotonic()
    with pytest.raises(ProviderUnknown):
        sandbox.adapter(timeout_s=0.5).open_payment(request)
    assert 0.4 < time.monotonic() - started < 4
    assert sandbox.adapter().ask(request.payment_id, None).status == "not_found"


def test_slow_is_only_slow(sandbox: SandboxProcess) -> None:
    sandbox.behave(api="slow:0.6", api_times=1)
    started = time.monotonic()
    assert sandbox.adapter().open_payment(a_request()).checkout_url
    assert time.monotonic() - started > 0.6


def test_every_call_can_lose_its_answer(sandbox: SandboxProcess) -> None:
    request, adapter = a_request(), sandbox.adapter()
    opened = adapter.open_payment(request)
    sandbox.simulate(request.payment_id, "captured")
    refund = a_refund(request, opened.provider_payment_id, 100)
    sandbox.behave(opened.provider_payment_id, api="answer_lost")
    for call in (
        lambda: adapter.ask(request.payment_id, None),
        lambda: adapter.cancel(request.payment_id, None),
        lambda: adapter.refund(refund),
    ):
        with pytest.raises(ProviderUnknown):
            call()
    sandbox.behave(opened.provider_payment_id)
    assert adapter.ask(request.payment_id, None).refunded_minor == 100


def test_next_payments_are_declined(sandbox: SandboxProcess) -> None:
    sandbox.behave(decline_next=1)
    outcomes = []
    for _ in range(2):
        request = a_request()
        sandbox.adapter().open_payment(request)
        sandbox.simulate(request.payment_id, "paid")
        outcomes.append(sandbox.adapter().ask(request.payment_id, None).status)
    assert outcomes == ["declined", "captured"]


def test_checkout_closes_when_its_time_is_over(sandbox: SandboxProcess, inbox: Inbox) -> None:
    sandbox.behave(checkout_seconds=1)
    request = a_request()
    sandbox.adapter().open_payment(request)
    inbox.wait_for(lambda inbox: any(b"payment.expired" in body for _, body in inbox.webhooks))
    sandbox.simulate(request.payment_id, "paid")
    assert sandbox.adapter().ask(request.payment_id, None).status == "expired"


def _captured(sandbox: SandboxProcess, **behaviour: object) -> tuple[UUID, str]:
    request = a_request()
    opened = sandbox.adapter().open_payment(request)
    sandbox.behave(opened.provider_payment_id, **behaviour)
    sandbox.simulate(request.payment_id, "captured")
    return request.payment_id, opened.provider_payment_id


def test_refused_refund_is_final(sandbox: SandboxProcess) -> None:
    payment_id, provider_payment_id = _captured(sandbox, refund="refused")
    request = a_request()
    refund = a_refund(request, provider_payment_id, 100)
    assert sandbox.adapter().refund(refund).status == "refused"
    sandbox.behave(provider_payment_id)
    assert sandbox.adapter().refund(refund).status == "refused"
    assert sandbox.adapter().ask(payment_id, None).refunded_minor == 0


def test_delayed_refund_is_pending_then_done(sandbox: SandboxProcess, inbox: Inbox) -> None:
    payment_id, provider_payment_id = _captured(sandbox, refund="delay:1")
    refund = a_refund(a_request(), provider_payment_id, 100)
    assert sandbox.adapter().refund(refund).status == "pending"
    assert sandbox.adapter().ask(payment_id, None).refunded_minor == 0
    inbox.wait_for(lambda inbox: any(b"refund.succeeded" in body for _, body in inbox.webhooks))
    status = sandbox.adapter().ask(payment_id, None)
    assert (status.refunded_minor, status.refunds[refund.refund_id].status) == (100, "refunded")


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook": "sometimes"},
        {"webhook": "duplicate:0"},
        {"webhook": "lost,"},
        {"api": "slow:-1"},
        {"api_times": 0},
        {"api_times": True},
        {"browser_return": "no"},
        {"decline_next": -1},
        {"speed": 3},
        ["normal"],
    ],
)
def test_behaviour_that_does_not_exist_is_refused(wrong: object) -> None:
    with pytest.raises(BehaviourRefused):
        checked(wrong, for_payment=False)


def test_global_fields_are_refused_for_one_payment() -> None:
    with pytest.raises(BehaviourRefused):
        checked({"decline_next": 1}, for_payment=True)


def test_joined_webhook_words_all_count() -> None:
    content = checked({"webhook": "delay:3,duplicate:2,out_of_order"}, for_payment=True)
    behaviour = Behaviour(**content)  # type: ignore[arg-type]
    assert (behaviour.seconds("webhook"), behaviour.copies, behaviour.out_of_order) == (3, 2, True)
    assert not behaviour.webhook_lost


def test_every_magic_amount_carries_a_legal_behaviour() -> None:
    for amount_minor in MAGIC_AMOUNTS:
        assert checked(magic_behaviour(amount_minor), for_payment=True)


def test_magic_amount_declines_with_its_code(sandbox: SandboxProcess) -> None:
    request = a_request(66601)
    sandbox.adapter().open_payment(request)
    sandbox.simulate(request.payment_id, "paid")
    assert sandbox.adapter().ask(request.payment_id, None).decline_code == "insufficient_funds"


def test_api_without_its_key_is_closed(sandbox: SandboxProcess) -> None:
    for path in ("/v1/payments", "/control/behaviour", "/control/deliveries"):
        answer = sandbox.call("GET", path, headers={"authorization": "Bearer wrong"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"amount_minor": 1.5}', b"\xff"])
def test_senseless_body_is_a_4xx(sandbox: SandboxProcess, body: bytes) -> None:
    headers = {"idempotency-key": "0199aaaa-0000-7000-8000-000000000000"}
    for path in ("/v1/payments", "/v1/refunds", "/control/behaviour"):
        method = "PUT" if path.startswith("/control") else "POST"
        answer = sandbox.call(method, path, content=body, headers=headers)
        legal_empty = path == "/control/behaviour" and body == b""
        assert answer.status_code in ((200,) if legal_empty else (400, 422)), (path, answer.text)

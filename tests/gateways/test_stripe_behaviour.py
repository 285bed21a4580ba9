"""What Stripe has and the contract does not name: slow methods, second tries, keys, pages."""

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from keepline.gateways.payments.port import (
    PaymentRequest,
    ProviderRefused,
    ProviderUnknown,
)
from keepline.gateways.payments.stripe.adapter import StripePayments, locale_of
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.inbox import Inbox
from tests.gateways.sandbox_process import free_port
from tests.gateways.stripe_process import StripeProcess, stripe_process


@pytest.fixture(scope="module")
def shared_fake(
    tmp_path_factory: pytest.TempPathFactory, shared_inbox: Inbox
) -> Iterator[StripeProcess]:
    with stripe_process(tmp_path_factory.mktemp("stripe"), shared_inbox.url) as process:
        yield process


@pytest.fixture
def fake(shared_fake: StripeProcess, inbox: Inbox) -> StripeProcess:
    """The running fake, on a good day again."""
    shared_fake.call("PUT", "/control/fault", json={})
    return shared_fake


@pytest.fixture
def stripe(fake: StripeProcess) -> StripePayments:
    return fake.adapter()


def opened(stripe: StripePayments, **differs: object) -> tuple[PaymentRequest, str]:
    """An open session: its request, and Stripe's id."""
    request = replace(a_request(), **differs)  # type: ignore[arg-type]
    return request, stripe.open_payment(request).provider_payment_id


def captured(fake: StripeProcess, stripe: StripePayments) -> tuple[PaymentRequest, str]:
    request, named = opened(stripe)
    fake.act(request.payment_id, "pay")
    return request, named


def test_ids_and_language_go_along(fake: StripeProcess, stripe: StripePayments) -> None:
    request, named = opened(stripe, holder_language="zh-Hans")
    fake.act(request.payment_id, "pay")
    session = fake.call("GET", f"/v1/checkout/sessions/{named}", params={"expand[0]": "x"})
    intent = fake.call("GET", f"/v1/payment_intents/{session['payment_intent']}")
    own = {"payment_id": str(request.payment_id), "order_id": str(request.order_id), "line": "one"}
    assert named.startswith("cs_")
    assert (session["client_reference_id"], session["locale"]) == (str(request.payment_id), "zh")
    assert session["metadata"] == intent["metadata"] == own


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("en", "en"),
        ("de-AT", "de"),
        ("pt-BR", "pt-BR"),
        ("zh-Hant", "zh-TW"),
        ("zh-Hant-HK", "zh-HK"),
        ("eo", "auto"),
        ("", "auto"),
    ],
)
def test_languages_stripe_lacks_are_left_to_the_browser(language: str, locale: str) -> None:
    assert locale_of(language) == locale


def test_a_declined_card_leaves_the_page_open(fake: StripeProcess, stripe: StripePayments) -> None:
    request, named = opened(stripe)
    fake.act(request.payment_id, "decline")
    status = stripe.ask(request.payment_id, named)
    assert (status.status, status.decline_code) == ("pending", "")
    assert status.checkout_url
    fake.act(request.payment_id, "pay")
    assert stripe.ask(request.payment_id, named).captured_minor == 1999


def test_expired_after_a_declined_card_tells_the_code(
    fake: StripeProcess, stripe: StripePayments
) -> None:
    request, named = opened(stripe)
    fake.act(request.payment_id, "decline", code="lost_card")
    first = stripe.cancel(request.payment_id, named)
    assert (first.status, first.decline_code, first.checkout_url) == ("expired", "lost_card", "")
    assert stripe.cancel(request.payment_id, named) == first
    assert stripe.ask(request.payment_id, named) == first


def test_slow_method_is_pending_until_it_is_paid(
    fake: StripeProcess, stripe: StripePayments
) -> None:
    request, named = opened(stripe)
    fake.act(request.payment_id, "begin")
    assert stripe.ask(request.payment_id, named).status == "pending"
    assert stripe.cancel(request.payment_id, named).status == "pending"
    fake.act(request.payment_id, "pay")
    assert stripe.ask(request.payment_id, named).status == "captured"


def test_slow_method_that_fails_is_declined(fake: StripeProcess, stripe: StripePayments) -> None:
    request, named = opened(stripe)
    fake.act(request.payment_id, "begin")
    fake.act(request.payment_id, "decline", code="debit_not_authorized")
    status = stripe.cancel(request.payment_id, named)
    assert (status.status, status.decline_code) == ("declined", "debit_not_authorized")


def test_a_session_of_another_payment_is_no_answer(stripe: StripePayments) -> None:
    _, named = opened(stripe)
    with pytest.raises(ProviderUnknown):
        stripe.ask(uuid4(), named)


def test_a_named_session_never_becomes_not_found(stripe: StripePayments) -> None:
    """The key of another account was asked: not_found would give up money that was paid."""
    request = a_request()
    for call in (stripe.ask, stripe.cancel):
        with pytest.raises(ProviderUnknown):
            call(request.payment_id, "cs_test_elsewhere")
    with pytest.raises(ProviderUnknown):
        stripe.refund(a_refund(request, "cs_test_elsewhere", 1))


def test_wrong_key_is_refused(fake: StripeProcess) -> None:
    with pytest.raises(ProviderRefused) as refusal:
        fake.adapter(secret_key="sk_test_wrong").open_payment(a_request())
    assert refusal.value.code == "invalid_request_error"


def test_opening_again_in_other_words_is_the_same_session(stripe: StripePayments) -> None:
    """A worker repeats an unanswered opening in its own language: the checkout stands."""
    request = a_request()
    first = stripe.open_payment(request)
    again = replace(request, holder_language="de", return_url="https://elsewhere.example.com")
    assert stripe.open_payment(again) == first


@pytest.mark.parametrize("other", [{"amount_minor": 1998}, {"currency": "USD"}])
def test_opening_again_with_other_money_is_refused(
    stripe: StripePayments, other: dict[str, object]
) -> None:
    request, _ = opened(stripe)
    with pytest.raises(ProviderRefused) as refusal:
        stripe.open_payment(replace(request, **other))  # type: ignore[arg-type]
    assert refusal.value.code == "idempotency_error"


def test_opening_again_when_it_is_over_is_unknown(
    fake: StripeProcess, stripe: StripePayments
) -> None:
    request, named = opened(stripe)
    fake.act(request.payment_id, "pay")
    with pytest.raises(ProviderUnknown):
        stripe.open_payment(replace(request, holder_language="de"))
    assert stripe.ask(request.payment_id, named).status == "captured"


def test_kept_500_stays_unknown(fake: StripeProcess, stripe: StripePayments) -> None:
    request = a_request()
    fake.order_fault("error_500")
    for _ in range(2):  # the second is Stripe's memory of the first
        with pytest.raises(ProviderUnknown):
            stripe.open_payment(request)
    opened(stripe)  # the good day is back for other keys


def test_lost_answer_then_repeat_is_one_session(
    fake: StripeProcess, stripe: StripePayments
) -> None:
    before = datetime.now(UTC)
    request = a_request()
    fake.order_fault("answer_lost")
    with pytest.raises(ProviderUnknown):
        stripe.open_payment(request)
    named = stripe.open_payment(request).provider_payment_id
    rows = stripe.list_payments(before, datetime.now(UTC) + timedelta(seconds=1))
    mine = [row.status for row in rows if row.payment_id == request.payment_id]
    assert [status.provider_payment_id for status in mine] == [named]


@pytest.mark.parametrize("fault", ["answer_lost", "hang"])
def test_refund_without_an_answer_is_made_once(fake: StripeProcess, fault: str) -> None:
    stripe = fake.adapter(timeout_s=0.5)
    request, named = captured(fake, stripe)
    refund = a_refund(request, named, 700)
    fake.order_fault(fault)
    with pytest.raises(ProviderUnknown):
        stripe.refund(refund)
    assert stripe.refund(refund).status == "refunded"
    assert stripe.ask(request.payment_id, named).refunded_minor == 700


def test_hanging_question_is_unknown(fake: StripeProcess) -> None:
    stripe = fake.adapter(timeout_s=0.5)
    request, named = opened(stripe)
    fake.order_fault("hang", method="GET")
    with pytest.raises(ProviderUnknown):
        stripe.ask(request.payment_id, named)
    assert stripe.ask(request.payment_id, named).status == "pending"


@pytest.mark.parametrize(
    ("stripes", "reason", "ours", "code"),
    [
        ("succeeded", None, "refunded", ""),
        ("requires_action", None, "pending", ""),
        ("failed", "expired_or_canceled_card", "refused", "expired_or_canceled_card"),
        ("canceled", None, "refused", "canceled"),
    ],
)
def test_pending_refund_goes_on(
    fake: StripeProcess,
    stripe: StripePayments,
    stripes: str,
    reason: str | None,
    ours: str,
    code: str,
) -> None:
    request, named = captured(fake, stripe)
    refund = a_refund(request, named, 700)
    fake.order_fault("refund_pending")
    assert stripe.refund(refund).status == "pending"
    assert stripe.ask(request.payment_id, named).refunded_minor == 0
    content = {"status": stripes, "failure_reason": reason}
    fake.call("POST", f"/control/refunds/{refund.refund_id}", json=content)
    now = stripe.refund(refund)
    assert (now.status, now.code) == (ours, code)
    status = stripe.ask(request.payment_id, named)
    assert status.refunds == {refund.refund_id: now}
    assert status.refunded_minor == (700 if ours == "refunded" else 0)


def test_refunds_by_hand_count_without_an_id(fake: StripeProcess, stripe: StripePayments) -> None:
    request, named = captured(fake, stripe)
    session = fake.call("GET", f"/v1/checkout/sessions/{named}")
    by_hand = {"payment_intent": session["payment_intent"], "amount": "99"}
    fake.call("POST", "/v1/refunds", data=by_hand)
    status = stripe.ask(request.payment_id, named)
    assert (status.refunded_minor, status.refunds) == (99, {})


def test_fully_refunded_names_stripes_code(fake: StripeProcess, stripe: StripePayments) -> None:
    request, named = captured(fake, stripe)
    stripe.refund(a_refund(request, named, 1999))
    more = stripe.refund(a_refund(request, named, 1))
    assert (more.status, more.code) == ("refused", "charge_already_refunded")


def test_more_refunds_than_a_page(fake: StripeProcess, stripe: StripePayments) -> None:
    request, named = captured(fake, stripe)
    refunds = [a_refund(request, named, 1) for _ in range(12)]
    for refund in refunds:
        stripe.refund(refund)
    status = stripe.ask(request.payment_id, named)
    assert set(status.refunds) == {refund.refund_id for refund in refunds}
    assert status.refunded_minor == 12
    assert stripe.refund(refunds[0]).status == "refunded"  # on the second page, not made anew
    assert stripe.ask(request.payment_id, named).refunded_minor == 12


def test_more_sessions_than_a_page(fake: StripeProcess, stripe: StripePayments) -> None:
    before = datetime.now(UTC)
    ids = [opened(stripe)[0].payment_id for _ in range(103)]
    rows = stripe.list_payments(before, datetime.now(UTC) + timedelta(seconds=1))
    listed = [row.payment_id for row in rows]
    assert [one for one in listed if one in set(ids)] == ids
    assert len(listed) == len(set(listed))


def test_spans_that_meet_neither_share_nor_miss(
    fake: StripeProcess, stripe: StripePayments
) -> None:
    before = datetime.now(UTC)
    ids = [opened(stripe)[0].payment_id for _ in range(5)]
    after = datetime.now(UTC) + timedelta(seconds=1)
    middle = before + (after - before) / 2
    halves = (*stripe.list_payments(before, middle), *stripe.list_payments(middle, after))
    assert [row.payment_id for row in halves if row.payment_id in set(ids)] == ids


def test_somebody_elses_session_is_not_listed(fake: StripeProcess, stripe: StripePayments) -> None:
    before = datetime.now(UTC)
    theirs = {
        "mode": "payment",
        "success_url": "https://shop.example.com",
        "metadata[payment_id]": "theirs-1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "500",
        "line_items[0][price_data][product_data][name]": "A book",
    }
    session = fake.call("POST", "/v1/checkout/sessions", data=theirs)
    rows = stripe.list_payments(before, datetime.now(UTC) + timedelta(seconds=1))
    assert session["id"] not in {row.status.provider_payment_id for row in rows}


def test_fake_is_refused_in_production(tmp_path: Path) -> None:
    fake = StripeProcess(tmp_path, "http://127.0.0.1:9", free_port())
    process = fake.start(KEEPLINE_MODE="production")
    _, words = process.communicate(timeout=30)
    assert process.returncode == 2
    assert b"refused in production" in words


def test_fake_forgets_nothing_when_it_starts_anew(tmp_path: Path) -> None:
    fake = StripeProcess(tmp_path, "http://127.0.0.1:9", free_port())
    request = a_request()
    names = []
    for _ in range(2):
        process = fake.start()
        try:
            fake.wait_until_up(process)
            names.append(fake.adapter().open_payment(request).provider_payment_id)
        finally:
            _stop(process)
    assert names[0] == names[1]


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(20)

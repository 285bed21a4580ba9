"""Stripe's adapter keeps ways to pay and tells of disputes, through Stripe's own library.

Against FakeStripe. docs/providers/stripe.md tells how to try Stripe's test mode.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest

from keepline.gateways.payments.port import DeclineKind, PaymentProvider, ProviderUnknown
from keepline.gateways.payments.stripe.adapter import StripePayments
from keepline.gateways.payments.stripe.declines import kind_of_error
from keepline.gateways.payments.stripe.reading import read_dispute, read_payment
from keepline.gateways.payments.stripe.reading_stored import read_storing, stripe_type
from tests.gateways.contract_payments import a_request
from tests.gateways.contract_stored import (
    DisputeContract,
    Keeper,
    Nature,
    StoredContract,
    a_charge,
    a_storing,
    kept,
)
from tests.gateways.inbox import Inbox
from tests.gateways.stripe_process import StripeProcess, stripe_process

CARDS: dict[Nature, str] = {
    "good": "4242",
    "retry": "9995",
    "final": "9979",
    "approval": "3184",
}
KINDS = {
    "payment.captured": "payment_intent.succeeded",
    "dispute.opened": "charge.dispute.created",
    "dispute.closed": "charge.dispute.closed",
}


class StripeKeeper:
    """Acts by FakeStripe's control road."""

    def __init__(self, fake: StripeProcess, inbox: Inbox) -> None:
        self.fake = fake
        self.inbox = inbox

    def _acts(self, storing_id: UUID, action: str, **content: str) -> None:
        self.fake.call("POST", f"/control/storings/{storing_id}/{action}", json=content)

    def keeps(self, storing_id: UUID, nature: Nature) -> None:
        self._acts(storing_id, "keep", last4=CARDS[nature])

    def lets_lapse(self, storing_id: UUID) -> None:
        self._acts(storing_id, "expire")

    def is_refused(self, storing_id: UUID) -> None:
        self._acts(storing_id, "fail", code="setup_attempt_failed")

    def pays(self, payment_id: UUID) -> None:
        self.fake.act(payment_id, "pay")

    def loses_answer(self, what: Literal["charge", "storing"]) -> None:
        path = {"charge": "/v1/payment_intents", "storing": "/v1/checkout/sessions"}[what]
        content = {"fault": "answer_lost", "method": "POST", "times": 1, "path": path}
        self.fake.call("PUT", "/control/fault", json=content)

    def disputes(self, payment_id: UUID) -> None:
        self.fake.act(payment_id, "dispute")

    def decides(self, dispute_id: str, *, won: bool) -> None:
        content = {"status": "won" if won else "lost"}
        self.fake.call("POST", f"/control/disputes/{dispute_id}", json=content)

    def webhook(self, payment_id: UUID, kind: str) -> tuple[dict[str, str], bytes]:
        intent = self._intent_of(payment_id)

        def fitting(inbox: Inbox) -> list[tuple[dict[str, str], bytes]]:
            read = [(headers, body, json.loads(body)) for headers, body in list(inbox.webhooks)]
            return [
                (headers, body)
                for headers, body, content in read
                if content["type"] == KINDS[kind]
                and intent
                in (content["data"]["object"].get(name) for name in ("id", "payment_intent"))
            ]

        self.inbox.wait_for(lambda inbox: bool(fitting(inbox)))
        return fitting(self.inbox)[0]

    def _intent_of(self, payment_id: UUID) -> str:
        query = f"metadata['payment_id']:'{payment_id}'"
        found = self.fake.call("GET", "/v1/payment_intents/search", params={"query": query})
        return str(found["data"][0]["id"])


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory, shared_inbox: Inbox) -> Iterator[StripeProcess]:
    with stripe_process(tmp_path_factory.mktemp("stripe"), shared_inbox.url) as process:
        yield process


@pytest.fixture
def provider(fake: StripeProcess) -> StripePayments:
    fake.call("PUT", "/control/fault", json={})
    fake.call("PUT", "/control/search", json={"lag_s": 0})
    return fake.adapter()


@pytest.fixture
def keeper(fake: StripeProcess, inbox: Inbox) -> Keeper:
    return StripeKeeper(fake, inbox)


class TestStripeStored(StoredContract):
    pass


class TestStripeDisputes(DisputeContract):
    pass


def test_what_is_kept_is_called_by_brand_and_last_digits(
    provider: PaymentProvider, keeper: Keeper
) -> None:
    method = kept(provider, keeper)
    assert (method.label, method.expires_on) == ("Visa 4242", date(2034, 11, 30))
    assert method.provider_customer_id.startswith("cus_")
    assert method.provider_method_id.startswith("pm_")


def test_the_page_keeps_what_may_be_charged_and_nothing_else(
    fake: StripeProcess, provider: PaymentProvider
) -> None:
    opened = provider.open_storing(replace(a_storing(), kinds=("card", "apple_pay")))
    session = fake.call("GET", f"/v1/checkout/sessions/{opened.provider_storing_id}")
    assert session["allowed_payment_method_types"] == ["card"]


def test_the_checkout_offers_what_the_operator_allows(
    fake: StripeProcess, provider: PaymentProvider
) -> None:
    for kinds, types in (((), []), (("wechat_pay", "google_pay"), ["card", "wechat_pay"])):
        opened = provider.open_payment(replace(a_request(), kinds=kinds))
        session = fake.call("GET", f"/v1/checkout/sessions/{opened.provider_payment_id}")
        assert session["allowed_payment_method_types"] == types


def test_a_charge_is_found_while_the_search_is_behind(
    fake: StripeProcess, provider: PaymentProvider, keeper: Keeper
) -> None:
    request = a_charge(kept(provider, keeper))
    status = provider.charge_stored(request)
    fake.call("PUT", "/control/search", json={"lag_s": 60})
    assert provider.ask(request.payment_id, None) == status


def test_a_charge_of_long_ago_is_found_by_search(
    fake: StripeProcess, provider: PaymentProvider, keeper: Keeper
) -> None:
    request = a_charge(kept(provider, keeper))
    status = provider.charge_stored(request)
    later = datetime.now(UTC) + timedelta(days=3)
    assert fake.adapter(unix_s=later.timestamp).ask(request.payment_id, None) == status


def test_where_there_is_no_search_young_charges_are_found(
    fake: StripeProcess, provider: PaymentProvider, keeper: Keeper
) -> None:
    request = a_charge(kept(provider, keeper))
    status = provider.charge_stored(request)
    fake.call("PUT", "/control/search", json={"lag_s": None})
    assert provider.ask(request.payment_id, None) == status
    assert provider.ask(uuid4(), None).status == "not_found"


def test_a_charge_is_made_once_after_stripe_forgot_the_key(
    fake: StripeProcess, provider: PaymentProvider, keeper: Keeper
) -> None:
    before = datetime.now(UTC)
    request = a_charge(kept(provider, keeper))
    status = provider.charge_stored(request)
    fake.call("POST", "/control/forget_keys")
    assert provider.charge_stored(request) == status
    rows = provider.list_payments(before, datetime.now(UTC) + timedelta(seconds=1))
    assert [row.payment_id for row in rows].count(request.payment_id) == 1


def test_a_checkouts_intent_is_no_charge(fake: StripeProcess, provider: PaymentProvider) -> None:
    """Both carry our ids; the session is the payment, and is listed once."""
    before, request = datetime.now(UTC), a_request()
    provider.open_payment(request)
    fake.act(request.payment_id, "pay")
    assert provider.ask(request.payment_id, None).status == "not_found"
    rows = provider.list_payments(before, datetime.now(UTC) + timedelta(seconds=1))
    assert [row.payment_id for row in rows].count(request.payment_id) == 1


def test_a_method_of_another_account_is_not_called_forgotten(
    provider: PaymentProvider, keeper: Keeper
) -> None:
    """Another account's key was used: to call the method dead would end every renewal."""
    stranger = replace(kept(provider, keeper), provider_method_id="pm_elsewhere")
    with pytest.raises(ProviderUnknown):
        provider.forget_method(stranger)
    with pytest.raises(ProviderUnknown):
        provider.charge_stored(a_charge(stranger))


def test_a_dispute_whose_payment_cannot_be_asked_for_comes_again(
    fake: StripeProcess, provider: StripePayments, keeper: Keeper
) -> None:
    request = a_request()
    provider.open_payment(request)
    keeper.pays(request.payment_id)
    keeper.disputes(request.payment_id)
    headers, body = keeper.webhook(request.payment_id, "dispute.opened")
    fake.order_fault("error_500", method="GET")
    with pytest.raises(ProviderUnknown):
        provider.verify_webhook(headers, body, datetime.now(UTC))
    event = provider.verify_webhook(headers, body, datetime.now(UTC))
    assert (event.payment_id, event.order_id) == (request.payment_id, request.order_id)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "card_declined", "decline_code": "insufficient_funds"}, "retry"),
        ({"code": "card_declined", "decline_code": "generic_decline"}, "retry"),
        ({"code": "card_declined", "decline_code": "do_not_honor"}, "retry"),
        ({"code": "processing_error"}, "retry"),
        ({"code": "card_declined", "decline_code": "lost_card"}, "final"),
        ({"code": "card_declined", "decline_code": "stolen_card"}, "final"),
        ({"code": "card_declined", "decline_code": "pickup_card"}, "final"),
        ({"code": "expired_card", "decline_code": "expired_card"}, "final"),
        ({"code": "expired_card"}, "final"),
        ({"code": "card_declined", "decline_code": "revocation_of_authorization"}, "final"),
        ({"decline_code": "generic_decline", "advice_code": "do_not_try_again"}, "final"),
        ({"decline_code": "generic_decline", "advice_code": "try_again_later"}, "retry"),
        (
            {"code": "authentication_required", "decline_code": "authentication_required"},
            "approval",
        ),
    ],
)
def test_decline_codes_have_their_kinds(error: dict[str, Any], kind: DeclineKind) -> None:
    assert kind_of_error({"type": "card_error", **error}) == kind


def a_dispute(status: str, booked: int = 0) -> dict[str, Any]:
    return {
        "id": "du_1",
        "amount": 1500,
        "currency": "jpy",
        "balance_transactions": [{"amount": booked}] if booked else [],
        "evidence_details": {"due_by": 1_800_000_000},
        "reason": "fraudulent",
        "status": status,
    }


@pytest.mark.parametrize(
    ("stripes", "booked", "ours", "awaited"),
    [
        ("needs_response", -1500, "open", True),
        ("warning_needs_response", 0, "open", True),
        ("under_review", -1500, "open", False),
        ("warning_closed", 0, "won", False),
        ("won", 0, "won", False),
        ("lost", -1500, "lost", False),
        ("prevented", 0, "won", False),
        ("prevented", -1500, "lost", False),
    ],
)
def test_disputes_go_their_ways(stripes: str, booked: int, ours: str, awaited: bool) -> None:
    dispute = read_dispute(a_dispute(stripes, booked))
    assert (dispute.status, dispute.amount_minor, dispute.currency) == (ours, 1500, "JPY")
    assert (dispute.evidence_until is not None) == awaited


def test_a_dispute_in_a_state_nobody_knows_is_unreadable() -> None:
    with pytest.raises(KeyError):
        read_dispute(a_dispute("settled_by_dice"))


def an_intent(status: str) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 1999,
        "amount_received": 0,
        "currency": "eur",
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": {},
        "status": status,
    }


@pytest.mark.parametrize(
    ("stripes", "ours", "kind"),
    [
        ("processing", "pending", ""),
        ("requires_action", "declined", "approval"),
        ("requires_payment_method", "declined", "retry"),
        ("canceled", "declined", "retry"),
    ],
)
def test_charges_that_brought_no_money(stripes: str, ours: str, kind: str) -> None:
    status = read_payment(an_intent(stripes), [], [])
    assert (status.status, status.decline_kind, status.captured_minor) == (ours, kind, 0)


def a_setup(method: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "cs_1",
        "customer": "cus_1",
        "status": "complete",
        "setup_intent": {"status": "succeeded", "payment_method": {"id": "pm_1", **method}},
    }


@pytest.mark.parametrize(
    ("method", "kind", "label"),
    [
        (
            {
                "type": "card",
                "card": {
                    "brand": "mastercard",
                    "exp_month": 2,
                    "exp_year": 2028,
                    "last4": "4444",
                    "wallet": {"type": "apple_pay"},
                },
            },
            "card",
            "Mastercard 4444",
        ),
        (
            {"type": "paypal", "paypal": {"payer_email": "ann@example.com"}},
            "paypal",
            "PayPal a***@example.com",
        ),
        ({"type": "sepa_debit", "sepa_debit": {"last4": "3000"}}, "sepa_debit", "Sepa Debit 3000"),
    ],
)
def test_methods_have_names(method: dict[str, Any], kind: str, label: str) -> None:
    found = read_storing(a_setup(method)).method
    assert found is not None
    assert (found.kind, found.label) == (kind, label)
    assert stripe_type(found.kind) == method["type"]
    assert found.expires_on == (date(2028, 2, 29) if kind == "card" else None)


def test_a_setup_that_a_bank_still_checks_is_pending() -> None:
    session = a_setup({"type": "sepa_debit"})
    session["setup_intent"]["status"] = "processing"
    status = read_storing(session)
    assert (status.status, status.method, status.checkout_url) == ("pending", None, "")

"""PayPal's adapter keeps accounts and tells of disputes, through PayPal's own SDK, beside the fake.

docs/providers/paypal.md tells how to try PayPal's sandbox.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest

from keepline.core.ids import make_id
from keepline.gateways.payments.paypal.adapter import PayPalPayments
from keepline.gateways.payments.paypal.bodies import charge_body, setup_body
from keepline.gateways.payments.paypal.declines import kind_of
from keepline.gateways.payments.paypal.disputes import read_dispute
from keepline.gateways.payments.port import (
    DeclineKind,
    PaymentProvider,
    ProviderUnknown,
    StoredMethod,
)
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
from tests.gateways.paypal_process import PayPalProcess, paypal_process

ACCOUNTS: dict[Nature, str] = {
    "good": "ann",
    "retry": "poor",
    "final": "closed",
    "approval": "careful",
}
KINDS = {
    "payment.captured": "PAYMENT.CAPTURE.COMPLETED",
    "dispute.opened": "CUSTOMER.DISPUTE.CREATED",
    "dispute.closed": "CUSTOMER.DISPUTE.RESOLVED",
}


class PayPalKeeper:
    """Acts by the fake's control road."""

    def __init__(self, paypal: PayPalProcess, provider: PaymentProvider) -> None:
        self.paypal = paypal
        self.provider = provider
        self.names_us = True

    def keeps(self, storing_id: UUID, nature: Nature) -> None:
        self.paypal.control("keep", storing_id=str(storing_id), account=ACCOUNTS[nature])

    def lets_lapse(self, storing_id: UUID) -> None:
        self.paypal.control("lapse", storing_id=str(storing_id))

    def is_refused(self, storing_id: UUID) -> None:
        raise NotImplementedError("the holder stays at PayPal's page")

    def pays(self, payment_id: UUID) -> None:
        self.paypal.approves(payment_id)
        self.provider.ask(payment_id, self.paypal.order(payment_id)["id"])

    def loses_answer(self, what: Literal["charge", "storing"]) -> None:
        path = {"charge": "/v2/checkout/orders", "storing": "/v3/vault/setup-tokens"}[what]
        self.paypal.fails_once(path, "lose", method="POST")

    def disputes(self, payment_id: UUID) -> None:
        content = {"payment_id": str(payment_id), "names_us": self.names_us}
        self.paypal.control("dispute", **content)

    def decides(self, dispute_id: str, *, won: bool) -> None:
        code = "RESOLVED_SELLER_FAVOUR" if won else "RESOLVED_BUYER_FAVOUR"
        self.paypal.control("decide", dispute_id=dispute_id, outcome_code=code)

    def webhook(self, payment_id: UUID, kind: str) -> tuple[dict[str, str], bytes]:
        return self.paypal.webhooks(payment_id, KINDS[kind])[0]


@pytest.fixture(scope="module")
def paypal() -> Iterator[PayPalProcess]:
    with paypal_process() as process:
        yield process


@pytest.fixture
def provider(paypal: PayPalProcess) -> PayPalPayments:
    paypal.control("heal")
    return paypal.adapter()


@pytest.fixture
def keeper(paypal: PayPalProcess, provider: PaymentProvider) -> Keeper:
    return PayPalKeeper(paypal, provider)


class TestPayPalStored(StoredContract):
    charged_amounts = ((1999, "EUR"), (1500, "JPY"), (200_000, "HUF"))
    method_kind = "paypal"
    refuses_storing = False


class TestPayPalDisputes(DisputeContract):
    pass


def test_what_is_sent_is_what_paypal_documents() -> None:
    request = a_charge(StoredMethod("c1", "v1", "paypal", "PayPal", None))
    body = charge_body(request)
    assert body["intent"] == "CAPTURE"
    assert body["payment_source"]["paypal"] == {
        "vault_id": "v1",
        "stored_credential": {
            "payment_initiator": "MERCHANT",
            "usage_pattern": "UNSCHEDULED_PREPAID",
            "usage": "SUBSEQUENT",
        },
    }
    setup = setup_body(a_storing())["payment_source"]["paypal"]
    assert (setup["usage_pattern"], setup["usage_type"]) == ("UNSCHEDULED_PREPAID", "MERCHANT")


def test_an_account_is_called_by_part_of_its_address(
    provider: PaymentProvider, keeper: Keeper
) -> None:
    assert kept(provider, keeper).label == "PayPal a***@example.com"


def test_an_exchange_whose_answer_was_lost_keeps_one_account(
    paypal: PayPalProcess, provider: PaymentProvider, keeper: Keeper
) -> None:
    request = a_storing()
    named = provider.open_storing(request).provider_storing_id
    keeper.keeps(request.storing_id, "good")
    paypal.fails_once("/v3/vault/payment-tokens", "lose", method="POST")
    with pytest.raises(ProviderUnknown):
        provider.ask_storing(request.storing_id, named)
    status = provider.ask_storing(request.storing_id, named)
    assert status.method is not None
    assert provider.charge_stored(a_charge(status.method)).status == "captured"


def test_an_order_that_waits_for_the_holder_is_closed(
    paypal: PayPalProcess, provider: PaymentProvider, keeper: Keeper
) -> None:
    request = a_charge(kept(provider, keeper, "approval"))
    status = provider.charge_stored(request)
    assert status.decline_code == "PAYER_ACTION_REQUIRED"
    paypal.approves(request.payment_id)  # by an address that somebody found
    asked = provider.ask(request.payment_id, status.provider_payment_id)
    assert (asked.status, asked.captured_minor) == ("declined", 0)


def old_id(age: timedelta) -> UUID:
    """A payment id as Keepline makes them, which tell their time."""
    made_at = datetime.now(UTC) - age
    return make_id(7, int(made_at.timestamp() * 1000), uuid4().int)


def test_an_old_charge_is_looked_for_in_the_books(
    paypal: PayPalProcess, provider: PayPalPayments, keeper: Keeper
) -> None:
    """PayPal forgets keys after six hours, and would take the money again."""
    method, payment_id = kept(provider, keeper), old_id(timedelta(hours=7))
    request = replace(a_charge(method), payment_id=payment_id)
    first = provider.charge_stored(request)
    paypal.control("forget_keys")
    assert provider.charge_stored(request) == first
    assert len(paypal.webhooks(request.payment_id, "PAYMENT.CAPTURE.COMPLETED")) == 1
    assert provider.ask(request.payment_id, None) == first
    assert provider.ask(old_id(timedelta(hours=7)), None).status == "not_found"


def test_a_dispute_without_our_ids_is_found_by_its_capture(
    provider: PaymentProvider, keeper: PayPalKeeper, paypal: PayPalProcess
) -> None:
    request = a_request()
    provider.open_payment(request)
    keeper.pays(request.payment_id)
    keeper.names_us = False
    keeper.disputes(request.payment_id)
    unit = paypal.order(request.payment_id)["purchase_units"][0]
    (capture,) = unit["payments"]["captures"]
    headers, body = paypal.webhooks(capture["id"], "CUSTOMER.DISPUTE.CREATED")[0]
    event = provider.verify_webhook(headers, body, datetime.now(UTC))
    assert (event.kind, event.payment_id) == ("dispute.opened", request.payment_id)
    assert event.order_id == request.order_id


def test_without_the_right_to_see_disputes_there_are_none(
    paypal: PayPalProcess, provider: PaymentProvider, keeper: Keeper
) -> None:
    request = a_request()
    named = provider.open_payment(request).provider_payment_id
    keeper.pays(request.payment_id)
    keeper.disputes(request.payment_id)
    no = '{"name":"NOT_AUTHORIZED"}'
    paypal.fails_once("/v1/customer/disputes", "answer", status=403, text=no)
    assert provider.ask(request.payment_id, named).disputes == {}
    assert len(provider.ask(request.payment_id, named).disputes) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("INSTRUMENT_DECLINED", "retry"),
        ("TRANSACTION_REFUSED", "retry"),
        ("5120", "retry"),
        ("AGREEMENT_ALREADY_CANCELLED", "final"),
        ("PAYER_ACCOUNT_LOCKED_OR_CLOSED", "final"),
        ("9520", "final"),
        ("PAYER_ACTION_REQUIRED", "approval"),
    ],
)
def test_refusals_have_their_kinds(code: str, kind: DeclineKind) -> None:
    assert kind_of(code) == kind


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("RESOLVED_BUYER_FAVOUR", "lost"),
        ("ACCEPTED", "lost"),
        ("RESOLVED_SELLER_FAVOUR", "won"),
        ("RESOLVED_WITH_PAYOUT", "won"),
        ("CANCELED_BY_BUYER", "won"),
    ],
)
def test_resolved_disputes_have_an_outcome(code: str, ours: str) -> None:
    row: dict[str, Any] = {
        "dispute_id": "PP-D-1",
        "status": "RESOLVED",
        "dispute_outcome": {"outcome_code": code},
        "dispute_amount": {"currency_code": "JPY", "value": "1500"},
        "reason": "UNAUTHORISED",
    }
    dispute = read_dispute(row)
    assert (dispute.status, dispute.amount_minor, dispute.evidence_until) == (ours, 1500, None)
    with pytest.raises(KeyError):
        read_dispute({**row, "dispute_outcome": {"outcome_code": "BY_DICE"}})

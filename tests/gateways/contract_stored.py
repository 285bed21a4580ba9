"""What every payment provider must keep that stores ways to pay, and that tells of disputes.

The other half of contract_payments.py. The subclass gives `provider` and `keeper`, who acts at the
provider's page, at the bank, and in the wire.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID, uuid4

import pytest

from keepline.gateways.payments.port import (
    ChargeRequest,
    DeclineKind,
    PaymentProvider,
    ProviderRefused,
    ProviderUnknown,
    StoredMethod,
    StoringRequest,
)
from tests.gateways.contract_payments import a_refund, a_request

Nature = Literal["good", "retry", "final", "approval"]  # how charges of a method go


class Keeper(Protocol):
    """The holder at the page for keeping, the bank, and the post."""

    def keeps(self, storing_id: UUID, nature: Nature) -> None: ...

    def lets_lapse(self, storing_id: UUID) -> None: ...

    def is_refused(self, storing_id: UUID) -> None: ...

    def pays(self, payment_id: UUID) -> None: ...

    def loses_answer(self, what: Literal["charge", "storing"]) -> None:
        """The next such call is carried out, and its answer never comes."""
        ...

    def disputes(self, payment_id: UUID) -> None:
        """The payer's bank wants the whole payment back."""
        ...

    def decides(self, dispute_id: str, *, won: bool) -> None: ...

    def webhook(self, payment_id: UUID, kind: str) -> tuple[dict[str, str], bytes]: ...


def a_storing(currency: str = "EUR") -> StoringRequest:
    """A storing request with fresh ids."""
    return StoringRequest(
        storing_id=uuid4(),
        account_id=uuid4(),
        currency=currency,
        return_url="http://localhost:9/return?storing=1",
        cancel_url="http://localhost:9/cancel",
        holder_language="en",
    )


def a_charge(
    method: StoredMethod, amount_minor: int = 1999, currency: str = "EUR"
) -> ChargeRequest:
    """A charge with fresh ids."""
    return ChargeRequest(
        payment_id=uuid4(),
        order_id=uuid4(),
        amount_minor=amount_minor,
        currency=currency,
        description="Renewal, 30 days",
        method=method,
        metadata={"line": "one"},
    )


def kept(provider: PaymentProvider, keeper: Keeper, nature: Nature = "good") -> StoredMethod:
    """A method that the provider keeps."""
    request = a_storing()
    named = provider.open_storing(request).provider_storing_id
    keeper.keeps(request.storing_id, nature)
    status = provider.ask_storing(request.storing_id, named)
    assert status.status == "stored"
    assert status.method is not None
    return status.method


class StoredContract:
    """Ways to pay that are kept. Attributes name what a provider may do in its own way."""

    # Three kinds of minor units, of those that the provider takes.
    charged_amounts: tuple[tuple[int, str], ...] = ((1999, "EUR"), (1500, "JPY"), (12340, "KWD"))
    method_kind = "card"
    refuses_storing = True  # False: a holder who may not or will not leaves the page to lapse

    def test_says_that_it_stores(self, provider: PaymentProvider) -> None:
        assert provider.stores_methods

    def test_storing_opens_a_page(self, provider: PaymentProvider) -> None:
        request = a_storing()
        opened = provider.open_storing(request)
        assert opened.status == "pending"
        assert opened.checkout_url.startswith("http")
        assert opened.method is None
        assert provider.ask_storing(request.storing_id, opened.provider_storing_id) == opened

    def test_same_storing_twice_is_one_page(
        self, provider: PaymentProvider, keeper: Keeper
    ) -> None:
        request = a_storing()
        keeper.loses_answer("storing")
        with pytest.raises(ProviderUnknown):
            provider.open_storing(request)
        first, again = provider.open_storing(request), provider.open_storing(request)
        assert first == again

    def test_unheard_of_storing_is_not_found(self, provider: PaymentProvider) -> None:
        assert provider.ask_storing(uuid4(), None).status == "not_found"

    def test_another_storings_page_is_not_believed(self, provider: PaymentProvider) -> None:
        named = provider.open_storing(a_storing()).provider_storing_id
        stranger = uuid4()
        try:
            status = provider.ask_storing(stranger, named)
        except ProviderUnknown:
            return
        assert status.status == "not_found"

    def test_senseless_storing_is_refused(self, provider: PaymentProvider) -> None:
        with pytest.raises(ProviderRefused):
            provider.open_storing(a_storing("XQQ"))

    def test_a_kept_method_has_a_name_and_no_number(
        self, provider: PaymentProvider, keeper: Keeper
    ) -> None:
        request = a_storing()
        named = provider.open_storing(request).provider_storing_id
        keeper.keeps(request.storing_id, "good")
        status = provider.ask_storing(request.storing_id, named)
        assert (status.status, status.checkout_url) == ("stored", "")
        method = status.method
        assert method is not None
        assert method.provider_method_id
        assert method.kind == self.method_kind
        assert method.label
        assert not re.search(r"\d{5}", method.label)
        assert method.expires_on is None or method.expires_on > date.today()
        assert provider.ask_storing(request.storing_id, named) == status

    def test_a_refused_method_is_not_kept(self, provider: PaymentProvider, keeper: Keeper) -> None:
        if not self.refuses_storing:
            pytest.skip("this provider's page stays open when a method is refused there")
        request = a_storing()
        named = provider.open_storing(request).provider_storing_id
        keeper.is_refused(request.storing_id)
        status = provider.ask_storing(request.storing_id, named)
        assert (status.status, status.method) == ("declined", None)
        assert status.decline_code

    def test_a_page_that_lapsed_keeps_nothing(
        self, provider: PaymentProvider, keeper: Keeper
    ) -> None:
        request = a_storing()
        named = provider.open_storing(request).provider_storing_id
        keeper.lets_lapse(request.storing_id)
        status = provider.ask_storing(request.storing_id, named)
        assert (status.status, status.method, status.checkout_url) == ("expired", None, "")

    def test_charges_in_each_currency(self, provider: PaymentProvider, keeper: Keeper) -> None:
        method = kept(provider, keeper)
        for amount_minor, currency in self.charged_amounts:
            request = a_charge(method, amount_minor, currency)
            status = provider.charge_stored(request)
            assert (status.status, status.currency) == ("captured", currency)
            assert (status.amount_minor, status.captured_minor) == (amount_minor, amount_minor)
            assert (status.decline_code, status.decline_kind) == ("", "")
            assert provider.ask(request.payment_id, status.provider_payment_id) == status
            if provider.finds_charges:
                assert provider.ask(request.payment_id, None) == status

    def test_same_charge_twice_is_one(self, provider: PaymentProvider, keeper: Keeper) -> None:
        before = datetime.now(UTC)
        request = a_charge(kept(provider, keeper))
        assert provider.charge_stored(request) == provider.charge_stored(request)
        rows = provider.list_payments(before, datetime.now(UTC) + timedelta(seconds=1))
        mine = [row for row in rows if row.payment_id == request.payment_id]
        assert [row.status.captured_minor for row in mine] == [1999]

    def test_same_charge_of_another_amount_is_refused(
        self, provider: PaymentProvider, keeper: Keeper
    ) -> None:
        request = a_charge(kept(provider, keeper))
        first = provider.charge_stored(request)
        with pytest.raises(ProviderRefused):
            provider.charge_stored(replace(request, amount_minor=2000))
        assert provider.ask(request.payment_id, first.provider_payment_id) == first

    @pytest.mark.parametrize("wrong", [{"amount_minor": 0}, {"currency": "XQQ"}])
    def test_senseless_charge_is_refused(
        self, provider: PaymentProvider, keeper: Keeper, wrong: dict[str, object]
    ) -> None:
        request = replace(a_charge(kept(provider, keeper)), **wrong)  # type: ignore[arg-type]
        with pytest.raises(ProviderRefused):
            provider.charge_stored(request)
        assert provider.ask(request.payment_id, None).status == "not_found"

    def test_a_lost_answer_is_found(self, provider: PaymentProvider, keeper: Keeper) -> None:
        request = a_charge(kept(provider, keeper))
        keeper.loses_answer("charge")
        with pytest.raises(ProviderUnknown):
            provider.charge_stored(request)
        if provider.finds_charges:
            asked = provider.ask(request.payment_id, None)
            assert (asked.status, asked.captured_minor) == ("captured", 1999)
            assert provider.cancel(request.payment_id, None) == asked
        else:
            assert provider.ask(request.payment_id, None).status == "not_found"
        status = provider.charge_stored(request)
        assert (status.status, status.captured_minor) == ("captured", 1999)

    @pytest.mark.parametrize("kind", ["retry", "final", "approval"])
    def test_a_decline_says_what_may_be_done_next(
        self, provider: PaymentProvider, keeper: Keeper, kind: DeclineKind
    ) -> None:
        request = a_charge(kept(provider, keeper, kind or "good"))
        status = provider.charge_stored(request)
        assert (status.status, status.decline_kind) == ("declined", kind)
        assert (status.captured_minor, status.checkout_url) == (0, "")
        assert status.decline_code
        assert provider.charge_stored(request) == status
        if status.provider_payment_id:
            assert provider.ask(request.payment_id, status.provider_payment_id) == status

    def test_a_forgotten_method_is_final(self, provider: PaymentProvider, keeper: Keeper) -> None:
        method = kept(provider, keeper)
        provider.forget_method(method)
        provider.forget_method(method)
        status = provider.charge_stored(a_charge(method))
        assert (status.status, status.decline_kind) == ("declined", "final")
        assert status.decline_code

    def test_a_charge_is_refunded_as_any_payment(
        self, provider: PaymentProvider, keeper: Keeper
    ) -> None:
        request = a_charge(kept(provider, keeper))
        named = provider.charge_stored(request).provider_payment_id
        assert named is not None
        payment = replace(a_request(), payment_id=request.payment_id)
        refund = provider.refund(a_refund(payment, named, 500))
        status = provider.ask(request.payment_id, named)
        assert (status.status, status.refunded_minor) == ("captured", 500)
        assert status.refunds == {refund.refund_id: refund}

    def test_a_charges_webhook_names_it(self, provider: PaymentProvider, keeper: Keeper) -> None:
        request = a_charge(kept(provider, keeper))
        provider.charge_stored(request)
        headers, body = keeper.webhook(request.payment_id, "payment.captured")
        event = provider.verify_webhook(headers, body, datetime.now(UTC))
        assert event.kind == "payment.captured"
        assert (event.payment_id, event.order_id) == (request.payment_id, request.order_id)


class DisputeContract:
    """Money that banks take back, of checkouts."""

    def disputed(self, provider: PaymentProvider, keeper: Keeper) -> tuple[UUID, str, str]:
        """(payment, Stripe's or PayPal's name of it, dispute)."""
        request = a_request()
        named = provider.open_payment(request).provider_payment_id
        keeper.pays(request.payment_id)
        keeper.disputes(request.payment_id)
        (dispute_id,) = provider.ask(request.payment_id, named).disputes
        return request.payment_id, named, dispute_id

    def test_an_undisputed_payment_has_none(
        self, provider: PaymentProvider, keeper: Keeper
    ) -> None:
        request = a_request()
        named = provider.open_payment(request).provider_payment_id
        keeper.pays(request.payment_id)
        assert provider.ask(request.payment_id, named).disputes == {}

    def test_an_open_dispute_is_told(self, provider: PaymentProvider, keeper: Keeper) -> None:
        payment_id, named, dispute_id = self.disputed(provider, keeper)
        status = provider.ask(payment_id, named)
        assert (status.status, status.captured_minor) == ("captured", 1999)
        dispute = status.disputes[dispute_id]
        assert dispute.dispute_id == dispute_id
        assert (dispute.status, dispute.amount_minor, dispute.currency) == ("open", 1999, "EUR")
        assert dispute.reason
        assert dispute.evidence_until is not None
        assert dispute.evidence_until > datetime.now(UTC)

    @pytest.mark.parametrize("won", [True, False])
    def test_a_decided_dispute_is_told(
        self, provider: PaymentProvider, keeper: Keeper, won: bool
    ) -> None:
        payment_id, named, dispute_id = self.disputed(provider, keeper)
        keeper.decides(dispute_id, won=won)
        status = provider.ask(payment_id, named)
        assert status.captured_minor == 1999
        assert status.disputes[dispute_id].status == ("won" if won else "lost")

    @pytest.mark.parametrize("won", [True, False])
    def test_disputed_money_is_given_back_once_it_was_won(
        self, provider: PaymentProvider, keeper: Keeper, won: bool
    ) -> None:
        request = a_request()
        named = provider.open_payment(request).provider_payment_id
        keeper.pays(request.payment_id)
        keeper.disputes(request.payment_id)
        (dispute_id,) = provider.ask(request.payment_id, named).disputes
        refund = a_refund(request, named, 500)
        assert provider.refund(refund).status == "refused"
        assert provider.ask(request.payment_id, named).refunded_minor == 0
        keeper.decides(dispute_id, won=won)
        assert provider.refund(refund).status == ("refunded" if won else "refused")
        assert provider.ask(request.payment_id, named).refunded_minor == (500 if won else 0)

    def test_webhooks_of_a_dispute_name_the_payment(
        self, provider: PaymentProvider, keeper: Keeper
    ) -> None:
        payment_id, _, dispute_id = self.disputed(provider, keeper)
        keeper.decides(dispute_id, won=False)
        for kind in ("dispute.opened", "dispute.closed"):
            headers, body = keeper.webhook(payment_id, kind)
            event = provider.verify_webhook(headers, body, datetime.now(UTC))
            assert (event.kind, event.payment_id) == (kind, payment_id)

    def test_evidence_is_taken_once(self, provider: PaymentProvider, keeper: Keeper) -> None:
        payment_id, named, dispute_id = self.disputed(provider, keeper)
        provider.answer_dispute(dispute_id, "The line was used on 3 May.")
        assert provider.ask(payment_id, named).disputes[dispute_id].status == "open"
        with pytest.raises(ProviderRefused):
            provider.answer_dispute(dispute_id, "Something else.")

    def test_a_decided_dispute_takes_no_evidence(
        self, provider: PaymentProvider, keeper: Keeper
    ) -> None:
        _, _, dispute_id = self.disputed(provider, keeper)
        keeper.decides(dispute_id, won=False)
        with pytest.raises(ProviderRefused):
            provider.answer_dispute(dispute_id, "The line was used on 3 May.")

    def test_no_such_dispute_takes_no_evidence(self, provider: PaymentProvider) -> None:
        with pytest.raises(ProviderRefused):
            provider.answer_dispute("none-such", "The line was used on 3 May.")


class NothingStoredContract:
    """A provider that keeps nothing says so, and does nothing."""

    def test_says_that_it_stores_nothing(self, provider: PaymentProvider) -> None:
        assert not provider.stores_methods

    def test_each_call_is_refused_as_not_offered(self, provider: PaymentProvider) -> None:
        method = StoredMethod("", "m1", "card", "Visa 4242", None)
        calls = [
            lambda: provider.open_storing(a_storing("CNY")),
            lambda: provider.ask_storing(uuid4(), None),
            lambda: provider.charge_stored(a_charge(method, 100, "CNY")),
            lambda: provider.forget_method(method),
            lambda: provider.answer_dispute("d1", "The line was used on 3 May."),
        ]
        for call in calls:
            with pytest.raises(ProviderRefused) as refusal:
                call()
            assert refusal.value.code == "not_offered"

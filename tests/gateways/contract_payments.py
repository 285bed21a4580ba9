"""What every payment provider behind the port must keep. Subclassed by each adapter's test.

The subclass gives two fixtures: `provider`, the adapter, and `holder`, who acts at the checkout.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from keepline.gateways.payments.port import (
    OpenedPayment,
    PaymentProvider,
    PaymentRequest,
    ProviderRefused,
    RefundRequest,
    SignatureRefused,
)
from keepline.payments.ways import step_of


class Holder(Protocol):
    """The person at the checkout, and the post that brings the provider's webhooks."""

    def pays(self, payment_id: UUID) -> None: ...

    def is_declined(self, payment_id: UUID) -> None: ...

    def webhook(self, payment_id: UUID, kind: str) -> tuple[dict[str, str], bytes]:
        """The headers and body of the webhook of that kind, once it came."""
        ...


def a_request(amount_minor: int = 1999, currency: str = "EUR") -> PaymentRequest:
    """A payment request with fresh ids."""
    return PaymentRequest(
        payment_id=uuid4(),
        order_id=uuid4(),
        amount_minor=amount_minor,
        currency=currency,
        description="Japan, 10 GB for 30 days",
        return_url="http://localhost:9/return?order=1",
        cancel_url="http://localhost:9/cancel",
        holder_language="en",
        metadata={"line": "one"},
    )


def a_refund(request: PaymentRequest, provider_payment_id: str, amount_minor: int) -> RefundRequest:
    """A refund with a fresh id."""
    return RefundRequest(
        refund_id=uuid4(),
        payment_id=request.payment_id,
        provider_payment_id=provider_payment_id,
        amount_minor=amount_minor,
        currency=request.currency,
    )


class PaymentContract:
    """The contract. Its attributes name what a provider may do in its own way."""

    currency = "CNY"  # of the payments whose currency the provider may choose
    usual_currency = "EUR"  # of all others
    stepped_currency = "EUR"  # one whose amounts it takes in steps only, where there is one
    # False: the provider learns of a payment when the holder `visits` its page, and keeps no
    # address of it; each opening then makes another one for the same payment.
    knows_unvisited = True
    tells_declines = True  # False: a declined holder may try again until the checkout is over
    tells_part_refunds = True  # False: `ask` sees a refund of the whole payment only
    lists_at_once = True  # False: its books of a day are told later
    lists_unpaid = True  # False: its books tell of money, not of checkouts nobody paid
    amount_in_webhook = b"1999"
    webhook_believed_for = timedelta(minutes=5)

    def a_request(self, amount_minor: int = 1999) -> PaymentRequest:
        """A payment request in the usual currency."""
        return a_request(amount_minor, self.usual_currency)

    def visits(self, provider: PaymentProvider, opened: OpenedPayment) -> None:
        """The holder comes to the checkout and does nothing yet."""

    def test_name_is_a_word(self, provider: PaymentProvider) -> None:
        assert provider.name.isidentifier()

    def test_opening_is_pending_with_a_checkout(self, provider: PaymentProvider) -> None:
        request = self.a_request()
        opened = provider.open_payment(request)
        assert opened.checkout_url
        if not self.knows_unvisited:
            assert provider.ask(request.payment_id, None).status == "not_found"
        self.visits(provider, opened)
        status = provider.ask(request.payment_id, opened.provider_payment_id)
        assert status.status == "pending"
        assert (status.amount_minor, status.currency) == (1999, self.usual_currency)
        assert (status.captured_minor, status.refunded_minor) == (0, 0)
        assert status.provider_payment_id == opened.provider_payment_id
        assert status.checkout_url == (opened.checkout_url if self.knows_unvisited else "")

    def test_same_opening_twice_is_one_payment(self, provider: PaymentProvider) -> None:
        request = self.a_request()
        first, again = provider.open_payment(request), provider.open_payment(request)
        assert first.provider_payment_id == again.provider_payment_id
        if self.knows_unvisited:
            assert first.checkout_url == again.checkout_url

    def test_same_id_with_other_amount_is_refused(self, provider: PaymentProvider) -> None:
        request = self.a_request()
        opened = provider.open_payment(request)
        self.visits(provider, opened)
        with pytest.raises(ProviderRefused):
            provider.open_payment(replace(request, amount_minor=1))
        status = provider.ask(request.payment_id, opened.provider_payment_id)
        assert status.amount_minor == 1999

    @pytest.mark.parametrize("wrong", [{"amount_minor": 0}, {"currency": "XQQ"}])
    def test_senseless_opening_is_refused(
        self, provider: PaymentProvider, wrong: dict[str, object]
    ) -> None:
        request = replace(self.a_request(), **wrong)  # type: ignore[arg-type]
        with pytest.raises(ProviderRefused) as refusal:
            provider.open_payment(request)
        assert refusal.value.code
        assert provider.ask(request.payment_id, None).status == "not_found"

    def test_amounts_are_taken_in_the_steps_that_the_table_says(
        self, provider: PaymentProvider, holder: Holder
    ) -> None:
        currency = self.stepped_currency
        step = step_of(currency, [provider.name])
        request = a_request(30 * step, currency)
        named = provider.open_payment(request).provider_payment_id
        holder.pays(request.payment_id)
        assert provider.refund(a_refund(request, named, 20 * step)).status == "refunded"
        for off in {1, step - 1} - {0} if step > 1 else ():
            with pytest.raises(ProviderRefused):
                provider.open_payment(a_request(30 * step + off, currency))
            with pytest.raises(ProviderRefused):
                provider.refund(a_refund(request, named, off))

    def test_unheard_of_payment_is_not_found(self, provider: PaymentProvider) -> None:
        assert provider.ask(uuid4(), None).status == "not_found"
        assert provider.cancel(uuid4(), None).status == "not_found"

    def test_paid_is_captured_in_full(self, provider: PaymentProvider, holder: Holder) -> None:
        request = a_request(12800, self.currency)
        named = provider.open_payment(request).provider_payment_id
        holder.pays(request.payment_id)
        status = provider.ask(request.payment_id, named)
        assert (status.status, status.captured_minor) == ("captured", 12800)

    def test_decline_names_its_code(self, provider: PaymentProvider, holder: Holder) -> None:
        request = self.a_request()
        named = provider.open_payment(request).provider_payment_id
        holder.is_declined(request.payment_id)
        status = provider.ask(request.payment_id, named)
        assert status.captured_minor == 0
        if self.tells_declines:
            assert status.status == "declined"
            assert status.decline_code
        else:
            assert status.status == "pending"

    def test_cancel_closes_for_good(self, provider: PaymentProvider) -> None:
        request = self.a_request()
        opened = provider.open_payment(request)
        self.visits(provider, opened)
        named = opened.provider_payment_id
        assert provider.cancel(request.payment_id, named).status == "expired"
        assert provider.cancel(request.payment_id, named).status == "expired"
        provider.open_payment(request)  # a late repeat does not open it again
        assert provider.ask(request.payment_id, named).status == "expired"

    def test_cancel_too_late_tells_of_the_money(
        self, provider: PaymentProvider, holder: Holder
    ) -> None:
        request = self.a_request()
        named = provider.open_payment(request).provider_payment_id
        holder.pays(request.payment_id)
        status = provider.cancel(request.payment_id, named)
        assert (status.status, status.captured_minor) == ("captured", 1999)

    def test_refund_once_by_its_id(self, provider: PaymentProvider, holder: Holder) -> None:
        request = self.a_request()
        opened = provider.open_payment(request)
        holder.pays(request.payment_id)
        refund = a_refund(request, opened.provider_payment_id, 500)
        assert provider.ask_refund(refund) is None
        first = provider.refund(refund)
        assert first == provider.refund(refund) == provider.ask_refund(refund)
        status = provider.ask(request.payment_id, opened.provider_payment_id)
        assert status.status == "captured"
        assert provider.tells_refunds is self.tells_part_refunds
        if self.tells_part_refunds:
            assert status.refunded_minor == 500
            assert status.refunds == {refund.refund_id: first}

    def test_refunds_never_exceed_the_capture(
        self, provider: PaymentProvider, holder: Holder
    ) -> None:
        request = self.a_request()
        opened = provider.open_payment(request)
        holder.pays(request.payment_id)
        provider.refund(a_refund(request, opened.provider_payment_id, 1500))
        over = provider.refund(a_refund(request, opened.provider_payment_id, 500))
        rest = provider.refund(a_refund(request, opened.provider_payment_id, 499))
        assert (over.status, rest.status) == ("refused", "refunded")
        assert over.code
        assert provider.ask(request.payment_id, opened.provider_payment_id).refunded_minor == 1999

    def test_unpaid_is_not_refunded(self, provider: PaymentProvider) -> None:
        request = self.a_request()
        opened = provider.open_payment(request)
        refund = provider.refund(a_refund(request, opened.provider_payment_id, 1))
        assert refund.status == "refused"

    def test_refund_id_with_other_amount_is_refused(
        self, provider: PaymentProvider, holder: Holder
    ) -> None:
        request = self.a_request()
        opened = provider.open_payment(request)
        holder.pays(request.payment_id)
        refund = a_refund(request, opened.provider_payment_id, 500)
        provider.refund(refund)
        with pytest.raises(ProviderRefused):
            provider.refund(replace(refund, amount_minor=501))
        if self.tells_part_refunds:
            status = provider.ask(request.payment_id, opened.provider_payment_id)
            assert status.refunded_minor == 500

    def test_books_are_listed_by_opening(self, provider: PaymentProvider, holder: Holder) -> None:
        before = datetime.now(UTC)
        requests = [self.a_request(100 + n) for n in range(3)]
        for request in requests:
            provider.open_payment(request)
        holder.pays(requests[1].payment_id)
        after = datetime.now(UTC) + timedelta(seconds=1)
        mine = {request.payment_id for request in requests}
        rows = [row for row in provider.list_payments(before, after) if row.payment_id in mine]
        if not self.lists_at_once:
            assert rows == []
            return
        listed = requests if self.lists_unpaid else requests[1:2]
        assert [row.payment_id for row in rows] == [request.payment_id for request in listed]
        states = ["pending", "captured", "pending"] if self.lists_unpaid else ["captured"]
        assert [row.status.status for row in rows] == states
        earlier = provider.list_payments(before - timedelta(hours=1), before)
        assert not mine & {row.payment_id for row in earlier}

    def test_webhook_names_payment_and_order(
        self, provider: PaymentProvider, holder: Holder
    ) -> None:
        request = self.a_request()
        provider.open_payment(request)
        holder.pays(request.payment_id)
        headers, body = holder.webhook(request.payment_id, "payment.captured")
        now = datetime.now(UTC)
        event = provider.verify_webhook(headers, body, now)
        assert event.kind == "payment.captured"
        assert (event.payment_id, event.order_id) == (request.payment_id, request.order_id)
        assert abs(now - event.occurred_at) < timedelta(minutes=1)
        shouting = {name.upper(): value for name, value in headers.items()}
        assert provider.verify_webhook(shouting, body, now) == event

    def test_forged_webhook_is_not_believed(
        self, provider: PaymentProvider, holder: Holder
    ) -> None:
        request = self.a_request()
        provider.open_payment(request)
        holder.pays(request.payment_id)
        headers, body = holder.webhook(request.payment_id, "payment.captured")
        now = datetime.now(UTC)
        forged = body.replace(self.amount_in_webhook, self.amount_in_webhook[:-1] + b"8")
        assert forged != body
        cases = [
            (headers, forged, now),
            (headers, body + b" ", now),
            (headers, body, now + self.webhook_believed_for + timedelta(minutes=1)),
            (headers, body, now - timedelta(minutes=6)),
            ({}, body, now),
        ]
        for case in cases:
            with pytest.raises(SignatureRefused):
                provider.verify_webhook(*case)

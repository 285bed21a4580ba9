"""The payment port: what Keepline asks of any payment provider, and the only answers it knows.

Every call carries an id made by the caller before sending (`payment_id`, `refund_id`): it is the
idempotency key at the provider, so a call without an answer may be asked about, or sent again
with the same body, and still happens once. Amounts are integers in minor units of `currency`
(ISO 4217). Each call is one network call and must never run inside a database transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

PaymentOutcome = Literal["pending", "captured", "declined", "expired", "not_found"]
RefundOutcome = Literal["pending", "refunded", "refused"]


class ProviderRefused(Exception):
    """A definitive no: nothing was done and nothing will be. `code` is the provider's word."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class ProviderUnknown(Exception):
    """No usable answer (timeout, cut connection, 5xx): it may or may not have happened.

    The right reaction is `ask`, later; never a guess and never a second id.
    """


class SignatureRefused(Exception):
    """A webhook that is not to be believed; `reason` is for the log, not for the sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """A checkout to be opened. The same `payment_id` must always come with the same content."""

    payment_id: UUID
    order_id: UUID
    amount_minor: int
    currency: str
    description: str
    return_url: str
    cancel_url: str
    holder_language: str  # BCP 47: en, zh-Hans
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenedPayment:
    """Where the holder pays."""

    provider_payment_id: str
    checkout_url: str


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to be given back; several refunds of one payment differ in `refund_id`."""

    refund_id: UUID
    payment_id: UUID
    provider_payment_id: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundStatus:
    """`pending` ends later in one of the others; `refused` is definitive and names its `code`."""

    refund_id: UUID
    status: RefundOutcome
    amount_minor: int
    code: str = ""


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """What the provider holds to be true now.

    `captured`, `declined` and `expired` are final. A refunded payment stays `captured`:
    `refunded_minor` (refunds that succeeded) tells the rest. With `not_found` the amounts are 0
    and the provider has never stored such a payment; it may still be on its way there.
    """

    status: PaymentOutcome
    amount_minor: int
    currency: str
    captured_minor: int
    refunded_minor: int
    provider_payment_id: str | None
    decline_code: str = ""
    checkout_url: str = ""  # of a pending payment, so that an unanswered opening can go on
    refunds: Mapping[UUID, RefundStatus] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListedPayment:
    """One row of the provider's books, for reconciliation."""

    payment_id: UUID
    opened_at: datetime
    status: PaymentStatus


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A verified webhook. It only says where to look: amounts are read with `ask`.

    `kind`: payment.captured, payment.declined, payment.expired, refund.succeeded,
    refund.refused; others are passed on as they came. `event_id` is the same on every repeat.
    """

    event_id: str
    kind: str
    payment_id: UUID
    order_id: UUID | None
    occurred_at: datetime


class PaymentProvider(Protocol):
    """A payment provider. Methods raise what their docstrings name and nothing else."""

    @property
    def name(self) -> str:
        """The word stored beside each payment, e.g. `sandbox`; never changes."""
        ...

    @property
    def acknowledgement(self) -> str:
        """What a webhook is answered with, so that the provider takes it for received."""
        ...

    def open_payment(self, request: PaymentRequest) -> OpenedPayment:
        """Opens a hosted checkout; a repeat returns the first one.

        Raises ProviderRefused, ProviderUnknown.
        """
        ...

    def ask(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """The payment as the provider knows it, `not_found` included. Raises ProviderUnknown.

        `provider_payment_id` is None while nobody has told it to us. A provider that cannot look a
        payment up by the seller's id then answers `not_found`: no holder has its address either.
        A provider that waits for the seller's word after the holder's consent is given it here.
        """
        ...

    def cancel(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """Closes an unpaid checkout and tells the definitive status.

        `expired` when it could be closed, `captured` when the holder was faster, `not_found`
        when there is none. Raises ProviderUnknown.
        """
        ...

    def refund(self, request: RefundRequest) -> RefundStatus:
        """Gives money back; a repeat returns the first answer.

        Raises ProviderRefused (the call itself was wrong), ProviderUnknown.
        """
        ...

    def list_payments(
        self, opened_from: datetime, opened_until: datetime
    ) -> Sequence[ListedPayment]:
        """All payments opened in [opened_from, opened_until), oldest first.

        Raises ProviderUnknown.
        """
        ...

    def verify_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderEvent:
        """Believes a webhook or raises SignatureRefused. Header case is ignored.

        No call to the provider's API; a certificate that it signs with may be fetched once.
        """
        ...

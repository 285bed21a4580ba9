"""The payment port: what Keepline asks of any payment provider, and the only answers it knows.

Every call carries an id made by the caller before sending (`payment_id`, `refund_id`,
`storing_id`): it is the idempotency key at the provider, so a call without an answer may be asked
about, or sent again with the same body, and still happens once. Amounts are integers in minor
units of `currency` (ISO 4217). No call may run inside a database transaction: each goes over the
network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol
from uuid import UUID

PaymentOutcome = Literal["pending", "captured", "declined", "expired", "not_found"]
RefundOutcome = Literal["pending", "refunded", "refused"]
StoringOutcome = Literal["pending", "stored", "declined", "expired", "not_found"]
DisputeOutcome = Literal["open", "won", "lost"]

# Why a payment was declined, as far as it says what may be done next:
# retry     try again another day (no money on the account, limits, the bank is silent)
# final     this way to pay will never work again (stolen, closed, expired, revoked); the card
#           schemes forbid to try it: Visa category 1, Mastercard merchant advice 03 and 21
# approval  the bank wants the holder present: strong customer authentication, PSD2 article 97 and
#           Delegated Regulation (EU) 2018/389
DeclineKind = Literal["", "retry", "final", "approval"]


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
    kinds: tuple[str, ...] = ()  # what its page may offer (ways_to_pay.toml); empty: all it has


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
class DisputeStatus:
    """A payer's bank takes the money back, or asks to. While open and when lost it is not with us.

    `amount_minor` is the part of the payment that is disputed.
    """

    dispute_id: str  # the provider's
    status: DisputeOutcome
    amount_minor: int
    currency: str
    reason: str  # the provider's word: fraudulent, product_not_received ...
    evidence_until: datetime | None  # None where no answer is awaited, or no deadline is told


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """What the provider holds to be true now.

    `captured`, `declined` and `expired` are final. A refunded payment stays `captured`:
    `refunded_minor` (refunds that succeeded) tells the rest, and a disputed one stays so with its
    `captured_minor`: what is disputed stands in `disputes`, by the provider's dispute id. With
    `not_found` the amounts are 0 and the provider has never stored such a payment; it may still
    be on its way there.
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
    decline_kind: DeclineKind = ""  # "" unless declined
    disputes: Mapping[str, DisputeStatus] = field(default_factory=dict)

    @property
    def disputed_minor(self) -> int:
        """What is not with us because of disputes: open ones, and those that were lost."""
        return sum(each.amount_minor for each in self.disputes.values() if each.status != "won")


@dataclass(frozen=True, slots=True)
class StoredMethod:
    """A way to pay that the provider keeps for a holder. No card number: a name to show."""

    provider_customer_id: str  # "" where the provider has no such thing
    provider_method_id: str
    kind: str  # card, paypal, ...: the words of payments/ways_to_pay.toml
    label: str  # "Visa 4242", "PayPal a***@example.com"
    expires_on: date | None  # the last day on which it works


@dataclass(frozen=True, slots=True)
class StoringRequest:
    """A page is to be opened on which the holder lets the provider keep a way to pay."""

    storing_id: UUID  # the idempotency key
    account_id: UUID
    currency: str
    return_url: str
    cancel_url: str
    holder_language: str  # BCP 47: en, zh-Hans
    kinds: tuple[str, ...] = ()  # what may be kept (ways_to_pay.toml); empty: all it can keep


@dataclass(frozen=True, slots=True)
class StoringStatus:
    """`stored`, `declined` and `expired` are final. No money moves."""

    status: StoringOutcome
    provider_storing_id: str | None
    checkout_url: str = ""  # of a pending one
    method: StoredMethod | None = None  # with `stored`
    decline_code: str = ""


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """A payment by a stored method while the holder is away. Same payment_id, same content."""

    payment_id: UUID
    order_id: UUID
    amount_minor: int
    currency: str
    description: str
    method: StoredMethod
    metadata: Mapping[str, str] = field(default_factory=dict)


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
    refund.refused, dispute.opened, dispute.closed; others are passed on as they came. A dispute's
    `payment_id` is the disputed payment's. `event_id` is the same on every repeat.
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

        Finds what `charge_stored` made as well as a checkout, with its refunds and disputes.
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

        Disputed money is `refused`; the same refund may be asked for again once that was won.
        Raises ProviderRefused (the call itself was wrong), ProviderUnknown.
        """
        ...

    @property
    def tells_refunds(self) -> bool:
        """Whether `ask` tells of every refund. If not, `list_payments` and `ask_refund` do."""
        ...

    def ask_refund(self, request: RefundRequest) -> RefundStatus | None:
        """What became of a refund, without making it; None where there is none of this id.

        Raises ProviderUnknown.
        """
        ...

    @property
    def stores_methods(self) -> bool:
        """Whether ways to pay can be kept; if not, the four below raise ProviderRefused
        (`not_offered`)."""
        ...

    @property
    def finds_charges(self) -> bool:
        """Whether `ask(payment_id, None)` knows a charge from the instant it was made. If not, it
        is found hours later, and `not_found` says nothing before that."""
        ...

    def open_storing(self, request: StoringRequest) -> StoringStatus:
        """Opens a hosted page on which a way to pay is kept; a repeat returns the first.

        Raises ProviderRefused, ProviderUnknown.
        """
        ...

    def ask_storing(self, storing_id: UUID, provider_storing_id: str | None) -> StoringStatus:
        """What became of the page, with the method once it is `stored`. Raises ProviderUnknown.

        A provider that waits for the seller's word after the holder's consent is given it here.
        """
        ...

    def charge_stored(self, request: ChargeRequest) -> PaymentStatus:
        """Takes money by a stored method: captured, declined (with its kind) or pending.

        A repeat with the same payment_id takes nothing twice. An answer that got lost is had by
        that repeat, or by `ask(payment_id, None)` (see `finds_charges`).

        Raises ProviderRefused (the call itself was wrong; nothing was taken), ProviderUnknown.
        """
        ...

    def forget_method(self, method: StoredMethod) -> None:
        """Makes the provider forget a method. Gone is gone: a repeat is no error, and what is
        still charged to it is declined as `final`. Raises ProviderUnknown.
        """
        ...

    def answer_dispute(self, dispute_id: str, evidence: str) -> None:
        """Contradicts an open dispute with a text, which is submitted at once.

        Raises ProviderRefused (`not_offered`, no such dispute, closed or answered before),
        ProviderUnknown.
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

        No call to the provider's API, with two exceptions: a certificate that it signs with may
        be fetched once, and a dispute that names the payment by the provider's id only is looked
        up. Raises ProviderUnknown when that look has no answer: the provider sends it again.
        """
        ...

"""Fakes in memory, for tests of flows. They follow the ports; the shipped ones have processes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from keepline.core.lifecycle.profile import ProfileEvent
from keepline.gateways.esim.es2plus.points import event_of
from keepline.gateways.esim.port import (
    CancelRequest,
    Confirmed,
    ConfirmRequest,
    Done,
    DownloadProgress,
    DownloadRequest,
    EsimUnknown,
    RefusalKind,
    Refused,
    ReleaseRequest,
    Reserved,
)
from keepline.gateways.messaging.port import EmailMessage, SendResult, Sent, one_by_one
from keepline.gateways.network.port import (
    DesiredService,
    NetworkAnswer,
    NetworkOperation,
    NetworkRecord,
    NetworkUnknown,
    Subscriber,
)
from keepline.gateways.payments.port import (
    ChargeRequest,
    DeclineKind,
    DisputeOutcome,
    DisputeStatus,
    ListedPayment,
    OpenedPayment,
    PaymentRequest,
    PaymentStatus,
    ProviderEvent,
    ProviderRefused,
    ProviderUnknown,
    RefundRequest,
    RefundStatus,
    SignatureRefused,
    StoredMethod,
    StoringRequest,
    StoringStatus,
)
from keepline.gateways.payments.told_with_payment import RefundsToldWithPayment


@dataclass
class FakeProvider(RefundsToldWithPayment):
    """A provider in memory. `silent` counts calls that get no answer (done all the same).

    `declines` says how the next charges of stored methods go; with none left they are captured.
    """

    name: str = "sandbox"
    acknowledgement: str = "ok"
    stores_methods: bool = True
    finds_charges: bool = True
    books_are_late: bool = False  # a charge is not found by our id yet
    payments: dict[UUID, PaymentStatus] = field(default_factory=dict)
    refunds: dict[UUID, RefundStatus] = field(default_factory=dict)
    bodies: dict[UUID, PaymentRequest] = field(default_factory=dict)
    unlisted: set[UUID] = field(default_factory=set)
    listed: dict[UUID, PaymentStatus] = field(default_factory=dict)  # otherwise than is true now
    storings: dict[UUID, StoringStatus] = field(default_factory=dict)
    charges: dict[UUID, ChargeRequest] = field(default_factory=dict)
    declines: list[DeclineKind] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    evidence: dict[str, str] = field(default_factory=dict)
    at_desk: set[UUID] = field(default_factory=set)  # payments of which money was given back there
    refuse_opening: bool = False
    refuse_refunds: bool = False
    silent: int = 0

    def _answer(self) -> None:
        if self.silent:
            self.silent -= 1
            raise ProviderUnknown("no answer")

    def open_payment(self, request: PaymentRequest) -> OpenedPayment:
        if self.refuse_opening:
            raise ProviderRefused("not_today", "refused at opening")
        if self.bodies.setdefault(request.payment_id, request) != request:
            raise ProviderRefused("key_reused", "this key came before with another body")
        reference = f"pay_{request.payment_id.hex[-12:]}"
        self.payments.setdefault(
            request.payment_id,
            PaymentStatus(
                status="pending",
                amount_minor=request.amount_minor,
                currency=request.currency,
                captured_minor=0,
                refunded_minor=0,
                provider_payment_id=reference,
                checkout_url=f"http://provider/{reference}",
            ),
        )
        self._answer()
        return OpenedPayment(reference, f"http://provider/{reference}")

    def ask(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        self._answer()
        nothing = PaymentStatus("not_found", 0, "", 0, 0, None)
        if self.books_are_late and payment_id in self.charges and provider_payment_id is None:
            return nothing
        return self.payments.get(payment_id, nothing)

    def cancel(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        status = self.ask(payment_id, None)
        if status.status == "pending":
            status = self.payments[payment_id] = replace(status, status="expired")
        return status

    def refund(self, request: RefundRequest) -> RefundStatus:
        """What is disputed is not given back; the same refund may be asked for later."""
        status = self.payments[request.payment_id]
        if request.refund_id not in self.refunds and self._is_disputed(status, request):
            self._answer()
            return RefundStatus(request.refund_id, "refused", request.amount_minor, "disputed")
        if request.refund_id not in self.refunds:
            self.refunds[request.refund_id] = self._first_refund(request)
        self._answer()
        return self.refunds[request.refund_id]

    def _is_disputed(self, status: PaymentStatus, request: RefundRequest) -> bool:
        open_still = any(each.status == "open" for each in status.disputes.values())
        left_minor = status.captured_minor - status.refunded_minor - status.disputed_minor
        return open_still or bool(status.disputed_minor and request.amount_minor > left_minor)

    def _first_refund(self, request: RefundRequest) -> RefundStatus:
        if self.refuse_refunds:
            return RefundStatus(request.refund_id, "refused", request.amount_minor, "closed")
        status = self.payments[request.payment_id]
        back = status.refunded_minor + request.amount_minor
        if back > status.captured_minor and request.payment_id in self.at_desk:
            return RefundStatus(request.refund_id, "refused", request.amount_minor, "refunded")
        assert back <= status.captured_minor, "more refunded than captured"
        made = RefundStatus(request.refund_id, "refunded", request.amount_minor)
        refunds = {**status.refunds, request.refund_id: made}
        self.payments[request.payment_id] = replace(status, refunded_minor=back, refunds=refunds)
        return made

    def refund_at_desk(self, payment_id: UUID, amount_minor: int) -> None:
        """Somebody gives money back there, under no id of ours."""
        status = self.payments[payment_id]
        back = status.refunded_minor + amount_minor
        self.payments[payment_id] = replace(status, refunded_minor=back)
        self.at_desk.add(payment_id)

    def bounce(self, payment_id: UUID, refund_id: UUID, code: str = "closed_account") -> None:
        """The payer's bank does not take a refund that was made: the money is here again."""
        status, made = self.payments[payment_id], self.refunds[refund_id]
        self.refunds[refund_id] = back = replace(made, status="refused", code=code)
        self.payments[payment_id] = replace(
            status,
            refunded_minor=status.refunded_minor - made.amount_minor,
            refunds={**status.refunds, refund_id: back},
        )

    def open_storing(self, request: StoringRequest) -> StoringStatus:
        reference = f"sto_{request.storing_id.hex[-12:]}"
        fresh = StoringStatus("pending", reference, f"http://provider/{reference}")
        status = self.storings.setdefault(request.storing_id, fresh)
        self._answer()
        return status

    def ask_storing(self, storing_id: UUID, provider_storing_id: str | None) -> StoringStatus:
        self._answer()
        return self.storings.get(storing_id, StoringStatus("not_found", None))

    def charge_stored(self, request: ChargeRequest) -> PaymentStatus:
        if self.charges.setdefault(request.payment_id, request) != request:
            raise ProviderRefused("key_reused", "this key came before with another body")
        if request.payment_id not in self.payments:
            self.payments[request.payment_id] = self._first_charge(request)
        self._answer()
        return self.payments[request.payment_id]

    def _first_charge(self, request: ChargeRequest) -> PaymentStatus:
        kind: DeclineKind = self.declines.pop(0) if self.declines else ""
        if request.method.provider_method_id in self.forgotten:
            kind = "final"
        return PaymentStatus(
            status="declined" if kind else "captured",
            amount_minor=request.amount_minor,
            currency=request.currency,
            captured_minor=0 if kind else request.amount_minor,
            refunded_minor=0,
            provider_payment_id=f"pay_{request.payment_id.hex[-12:]}",
            decline_code=f"said_{kind}" if kind else "",
            decline_kind=kind,
        )

    def forget_method(self, method: StoredMethod) -> None:
        self.forgotten.add(method.provider_method_id)
        self._answer()

    def answer_dispute(self, dispute_id: str, evidence: str) -> None:
        if dispute_id in self.evidence:
            raise ProviderRefused("answered_before", "evidence is taken once")
        self.evidence[dispute_id] = evidence
        self._answer()

    def list_payments(
        self, opened_from: datetime, opened_until: datetime
    ) -> Sequence[ListedPayment]:
        """All there are, whatever the span, but for `unlisted`."""
        self._answer()
        return [
            ListedPayment(payment_id, opened_from, self.listed.get(payment_id, status))
            for payment_id, status in self.payments.items()
            if payment_id not in self.unlisted
        ]

    def verify_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderEvent:
        """The body is `EVENT_ID PAYMENT_ID [KIND]`; the header X-Good stands for the signature.

        A dispute's payment is looked up, which may be `silent`.
        """
        if headers.get("X-Good") != "yes":
            raise SignatureRefused("no signature")
        event_id, payment_id, kind = (*body.decode().split(), "payment.captured")[:3]
        if kind.startswith("dispute."):
            self._answer()
        return ProviderEvent(event_id, kind, UUID(payment_id), None, now)

    def pay(
        self, payment_id: UUID, captured_minor: int | None = None, currency: str | None = None
    ) -> None:
        """The holder pays at the provider's page."""
        status = self.payments[payment_id]
        self.payments[payment_id] = replace(
            status,
            status="captured",
            captured_minor=status.amount_minor if captured_minor is None else captured_minor,
            currency=currency or status.currency,
        )

    def decline(self, payment_id: UUID) -> None:
        """The provider declines."""
        status = self.payments[payment_id]
        self.payments[payment_id] = replace(
            status, status="declined", decline_code="no_funds", decline_kind="retry"
        )

    def store(self, storing_id: UUID, method: StoredMethod) -> None:
        """The holder agrees at the provider's page."""
        status = self.storings[storing_id]
        self.storings[storing_id] = replace(status, status="stored", checkout_url="", method=method)

    def dispute(
        self,
        payment_id: UUID,
        outcome: DisputeOutcome = "open",
        dispute_id: str = "dispute-1",
        evidence_until: datetime | None = None,
        amount_minor: int | None = None,
    ) -> None:
        """The payer's bank takes back what is left of the payment, or decides about it."""
        status = self.payments[payment_id]
        before = status.disputes.get(dispute_id)
        left_minor = status.captured_minor - status.refunded_minor
        if amount_minor is not None:
            left_minor = amount_minor
        found = DisputeStatus(
            dispute_id,
            outcome,
            before.amount_minor if before else left_minor,
            status.currency,
            "fraudulent",
            evidence_until,
        )
        self.payments[payment_id] = replace(status, disputes={**status.disputes, dispute_id: found})


@dataclass
class ScriptedNetwork:
    """A network in memory. `script` says how the next calls of apply go: ok, refuse, lost, mute."""

    name: str = "scripted"
    keeps: frozenset[str] = frozenset(field.name for field in fields(DesiredService))
    remembers: bool = True
    script: list[str] = field(default_factory=list)
    done: dict[UUID, NetworkAnswer] = field(default_factory=dict)
    standing: dict[UUID, NetworkOperation] = field(default_factory=dict)  # oldest first
    reverted: set[UUID] = field(default_factory=set)
    lines: dict[str, DesiredService] = field(default_factory=dict)  # what each has now
    deaf: bool = False

    def apply(self, operation: NetworkOperation) -> NetworkAnswer:
        word = self.script.pop(0) if self.script else "ok"
        if word == "lost" or self.deaf:
            raise NetworkUnknown("lost")
        if operation.operation_id in self.reverted:
            return NetworkAnswer("reverted")
        if word == "refuse":
            return NetworkAnswer("rejected", code="no_such_card")
        answer = NetworkAnswer("confirmed", read_back=operation.desired)
        if operation.operation_id not in self.done:
            self.done[operation.operation_id] = answer
            self.standing[operation.operation_id] = operation
            self._state(operation.subscriber, operation.desired)
        if word == "mute":
            raise NetworkUnknown("applied, but no answer")
        return self.done[operation.operation_id]

    def apply_many(
        self, operations: Sequence[NetworkOperation]
    ) -> list[NetworkAnswer | NetworkUnknown]:
        answers: list[NetworkAnswer | NetworkUnknown] = []
        for operation in operations:
            try:
                answers.append(self.apply(operation))
            except NetworkUnknown as silence:
                answers.append(silence)
        return answers

    def ask(self, operation: NetworkOperation) -> NetworkAnswer:
        if self.deaf:
            raise NetworkUnknown("deaf")
        return self.done.get(operation.operation_id, NetworkAnswer("not_found"))

    def ask_many(
        self, operations: Sequence[NetworkOperation]
    ) -> list[NetworkAnswer | NetworkUnknown]:
        answers: list[NetworkAnswer | NetworkUnknown] = []
        for operation in operations:
            try:
                answers.append(self.ask(operation))
            except NetworkUnknown as silence:
                answers.append(silence)
        return answers

    def revert(
        self, operation_id: UUID, subscriber: Subscriber, standing: DesiredService | None
    ) -> NetworkAnswer:
        if self.deaf:
            raise NetworkUnknown("deaf")
        self.reverted.add(operation_id)
        self.done.pop(operation_id, None)
        self.standing.pop(operation_id, None)
        self._state(subscriber, standing)
        return NetworkAnswer("reverted", read_back=standing)

    def read(self, subscriber: Subscriber) -> NetworkRecord | None:
        service = self.lines.get(subscriber.line_ref)
        return NetworkRecord(subscriber.msisdn, service) if service else None

    def read_many(self, subscribers: Sequence[Subscriber]) -> list[NetworkRecord | None]:
        return [self.read(subscriber) for subscriber in subscribers]

    def complaints(self) -> list[str]:
        return ["It is deaf."] if self.deaf else []

    def _state(self, subscriber: Subscriber, service: DesiredService | None) -> None:
        self.lines.pop(subscriber.line_ref, None)
        if service is not None:
            self.lines[subscriber.line_ref] = service


OWN_POINTS = {6: ProfileEvent.ENABLE, 7: ProfileEvent.DISABLE, 8: ProfileEvent.DELETE}


@dataclass
class ScriptedSmdp:
    """An SM-DP+ in memory, without a memory of calls.

    `script` says how the next calls go: ok, lost (nothing done), mute (done, no answer), or
    the kind of a refusal.
    """

    name: str = "scripted"
    default_address: str = "smdp.example.com"
    script: list[str] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)  # by ICCID; not there: Available
    calls: list[tuple[str, UUID]] = field(default_factory=list)

    def order_download(self, request: DownloadRequest) -> Reserved | Refused:
        iccid = request.iccid or ""
        taken = Refused("in_use", "8.2.1/3.3") if iccid in self.states else None
        state = "Linked" if request.eid else "Allocated"
        return self._call("reserve", request.call_id, iccid, state, taken) or Reserved(iccid)

    def confirm(self, request: ConfirmRequest) -> Confirmed | Refused:
        there = self.states.get(request.iccid)
        wrong = Refused("wrong_state", "8.2.1/3.5") if there in (None, "Released") else None
        refused = self._call("confirm", request.call_id, request.iccid, "Released", wrong)
        return refused or Confirmed(request.matching_id or "MADE-THERE")

    def cancel(self, request: CancelRequest) -> Done | Refused:
        free = request.iccid not in self.states
        wrong = Refused("wrong_state", "8.2.1/3.5") if free else None
        refused = self._call("cancel", request.call_id, request.iccid, None, wrong)
        return refused or Done()

    def release(self, request: ReleaseRequest) -> Done | Refused:
        return Done()

    def complaints(self) -> list[str]:
        return []

    def event_of(self, progress: DownloadProgress) -> ProfileEvent | None:
        return event_of(progress, OWN_POINTS)

    def _call(
        self, step: str, call_id: UUID, iccid: str, state: str | None, refusal: Refused | None
    ) -> Refused | None:
        word = self.script.pop(0) if self.script else "ok"
        self.calls.append((step, call_id))
        if word == "lost":
            raise EsimUnknown("lost")
        if word not in ("ok", "mute"):
            return Refused(cast("RefusalKind", word), "8.2.1/3.9")
        if refusal is not None:
            return refusal
        if state is None:
            self.states.pop(iccid)
        else:
            self.states[iccid] = state
        if word == "mute":
            raise EsimUnknown("done, but no answer")
        return None


@dataclass
class Mailbox:
    """Keeps what was sent."""

    name: str = "mailbox"
    sent: list[EmailMessage] = field(default_factory=list)

    def send(self, message: EmailMessage) -> SendResult:
        self.sent.append(message)
        return SendResult(str(message.message_id))

    def send_all(self, messages: Sequence[EmailMessage]) -> list[Sent]:
        return one_by_one(self.send, messages)

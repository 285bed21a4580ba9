"""For providers whose word about a payment names every refund of it: their adapters inherit it."""

from typing import Final, Protocol
from uuid import UUID

from .port import PaymentStatus, RefundRequest, RefundStatus


class _Asks(Protocol):
    def ask(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus: ...


class RefundsToldWithPayment:
    """`ask` tells of all refunds, ours by their ids."""

    tells_refunds: Final = True

    def ask_refund(self: _Asks, request: RefundRequest) -> RefundStatus | None:
        """See the port."""
        status = self.ask(request.payment_id, request.provider_payment_id)
        return status.refunds.get(request.refund_id)

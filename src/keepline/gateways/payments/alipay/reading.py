"""Reads Alipay's signed answers. What cannot be read is an unknown outcome."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from keepline.gateways.payments.port import (
    PaymentOutcome,
    PaymentStatus,
    ProviderUnknown,
    RefundRequest,
    RefundStatus,
)

from .amounts import fen

CURRENCY: Final = "CNY"
SUCCESS: Final = "10000"
UNKNOWN_TRADE: Final = "ACQ.TRADE_NOT_EXIST"
NOT_FOUND: Final = PaymentStatus("not_found", 0, "", 0, 0, None)
# Business failures that ask to try again: they are no answer.
PASSING: Final = ("SYSTEM_ERROR", "ACQ.REFUND_CHARGE_ERROR", "isp.UNKNOW_ERROR")
STATUSES: Final[Mapping[str, PaymentOutcome]] = {
    "WAIT_BUYER_PAY": "pending",
    "TRADE_SUCCESS": "captured",
    "TRADE_FINISHED": "captured",  # and can be refunded no more
    "TRADE_CLOSED": "expired",  # unless it was paid: see read_payment
}


@contextmanager
def readable() -> Iterator[None]:
    """An answer without the promised shape says nothing certain: ProviderUnknown."""
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ProviderUnknown(f"unreadable answer: {type(error).__name__}") from error


def refusal(answer: Mapping[str, Any]) -> str:
    """Alipay's word for a definitive no, empty for a success. Raises ProviderUnknown."""
    if answer["code"] == SUCCESS:
        return ""
    word = str(answer["sub_code"])
    if word.endswith(PASSING):
        raise ProviderUnknown(word)
    return word


def read_payment(payment_id: UUID, answer: Mapping[str, Any]) -> PaymentStatus:
    """The answer of alipay.trade.query about this payment.

    Alipay closes a paid trade when all of it has been given back, and only a paid one has
    `send_pay_date`. What was given back of it in part is in no answer about the trade.
    """
    with readable():
        _of_this(payment_id, answer)
        status = STATUSES[answer["trade_status"]]
        amount = fen(answer["total_amount"])
        given_back = status == "expired" and bool(answer.get("send_pay_date"))
        captured = amount if given_back or status == "captured" else 0
        return PaymentStatus(
            status="captured" if given_back else status,
            amount_minor=amount,
            currency=CURRENCY,
            captured_minor=captured,
            refunded_minor=amount if given_back else 0,
            provider_payment_id=payment_id.hex,
        )


def read_refund(request: RefundRequest, answer: Mapping[str, Any]) -> RefundStatus | None:
    """The answer of alipay.trade.fastpay.refund.query; None while Alipay tells of no success."""
    with readable():
        word = refusal(answer)
        if word == UNKNOWN_TRADE or (not word and "refund_status" not in answer):
            return None
        if word or answer["refund_status"] != "REFUND_SUCCESS":
            raise ProviderUnknown(word or "a refund in an unknown state")
        _of_this(request.payment_id, answer)
        if answer["out_request_no"] != request.refund_id.hex:
            raise ValueError("the answer is about another refund")
        return RefundStatus(request.refund_id, "refunded", fen(answer["refund_amount"]))


def _of_this(payment_id: UUID, answer: Mapping[str, Any]) -> None:
    """A signed answer of another payment, sent again by somebody between, is no answer."""
    if answer["out_trade_no"] != payment_id.hex:
        raise ValueError("the answer is about another payment")

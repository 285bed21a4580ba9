"""Alipay behind the payment port: page pay on a computer, WAP pay on a phone; yuan only.

Our payment id in 32 hex digits is Alipay's `out_trade_no`, and the id that is stored: Alipay's own
`trade_no` does not exist before the holder comes to its page. Until then Alipay knows nothing of
the payment, and `ask` and `cancel` answer `not_found`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from keepline.gateways.payments.not_offered import DisputesNotAnswered, MethodsNotKept
from keepline.gateways.payments.port import (
    ListedPayment,
    OpenedPayment,
    PaymentRequest,
    PaymentStatus,
    ProviderEvent,
    ProviderRefused,
    ProviderUnknown,
    RefundRequest,
    RefundStatus,
)

from .amounts import yuan
from .bill import listed_payments
from .gateway import Gateway
from .keys import Keys
from .reading import (
    CURRENCY,
    NOT_FOUND,
    UNKNOWN_TRADE,
    read_payment,
    read_refund,
    readable,
    refusal,
)
from .sdk import require_library
from .signature import Notifications
from .times import utc_now, written

GATEWAY_URL: Final = "https://openapi.alipay.com/gateway.do"
# Alipay itself refuses the address afterwards. Less than the hour after which Keepline gives an
# unpaid order up, so that `not_found` is final by then.
PAYABLE_FOR: Final = timedelta(minutes=50)
NOT_IN_SUBJECTS: Final = str.maketrans(dict.fromkeys("/=&\"'<>\\", " "))


class AlipayPayments(MethodsNotKept, DisputesNotAnswered):
    """Speaks to Alipay's gateway; safe to share between threads.

    The keys are RSA2, as Alipay's tools give them (keys.py). `seller_id` (2088...), where given,
    is demanded of notifications. `timeout_s` bounds each wait. Raises ValueError for keys that
    cannot be read and LibraryMissing without Alipay's library.
    """

    name = "alipay"
    tells_refunds = False  # of a payment it shows only that all of it was given back
    acknowledgement = "success"  # anything else, and Alipay sends the notification again

    def __init__(
        self,
        app_id: str,
        app_private_key: str,
        alipay_public_key: str,
        notify_url: str,
        timeout_s: float,
        gateway_url: str = GATEWAY_URL,
        seller_id: str = "",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        require_library()
        keys = Keys(app_private_key, alipay_public_key)
        self._gateway = Gateway(gateway_url, app_id, keys, timeout_s, clock)
        self._notifications = Notifications(app_id, keys, seller_id)
        self._notify_url = notify_url
        self._clock = clock

    def open_payment(self, request: PaymentRequest) -> OpenedPayment:
        """See the port. `metadata["device"] == "phone"` chooses the page for phones.

        The address is made here, so Alipay is asked first: the same id with another amount is
        refused as soon as Alipay knows the payment. Before, two addresses may stand side by side;
        the first that the holder opens counts, and Alipay refuses the other. It also refuses the
        new address of a payment that was paid or closed.
        """
        if request.currency != CURRENCY:
            raise ProviderRefused("currency_not_offered", "Alipay is offered in CNY only")
        try:
            amount = yuan(request.amount_minor)
        except ValueError as error:
            raise ProviderRefused("amount_not_offered", str(error)) from None
        known = self.ask(request.payment_id, None)
        if known.status != "not_found" and known.amount_minor != request.amount_minor:
            raise ProviderRefused("payment_differs", "opened before with another amount")
        return OpenedPayment(request.payment_id.hex, self._address(request, amount))

    def ask(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """See the port. `not_found` until the holder has come to Alipay's page.

        A pending one comes without its address: a made address is not kept at Alipay. Of refunds
        only a full one is seen.
        """
        del provider_payment_id
        answer = self._gateway.call("alipay.trade.query", {"out_trade_no": payment_id.hex})
        with readable():
            word = refusal(answer)
        if word == UNKNOWN_TRADE:
            return NOT_FOUND
        if word:
            raise ProviderUnknown(word)
        return read_payment(payment_id, answer)

    def cancel(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """See the port. By alipay.trade.close: alipay.trade.cancel would send paid money back.

        `not_found` when the holder has not come to the page: there is nothing to close, and the
        address works until its time is over. Money that comes then is told by a notification.
        """
        answer = self._gateway.call("alipay.trade.close", {"out_trade_no": payment_id.hex})
        with readable():
            word = refusal(answer)
        if word == UNKNOWN_TRADE:
            return NOT_FOUND
        status = self.ask(payment_id, provider_payment_id)
        if status.status == "pending":
            raise ProviderUnknown(f"not closed: {word}")
        return status

    def refund(self, request: RefundRequest) -> RefundStatus:
        """See the port. `out_request_no` is our refund id: sent again, it is done once.

        Only a refund that moved money now is believed at once. After anything else Alipay is
        asked what became of this refund id: an earlier sending may have been carried out.
        """
        if request.currency != CURRENCY:
            raise ProviderRefused("currency_not_offered", "Alipay is offered in CNY only")
        try:
            amount = yuan(request.amount_minor)
        except ValueError as error:
            raise ProviderRefused("amount_not_offered", str(error)) from None
        content = {
            "out_trade_no": request.payment_id.hex,
            "out_request_no": request.refund_id.hex,
            "refund_amount": amount,
        }
        answer = self._gateway.call("alipay.trade.refund", content)
        with readable():
            word = refusal(answer)
        if not word and answer.get("fund_change") == "Y":
            return RefundStatus(request.refund_id, "refunded", request.amount_minor)
        done = self.ask_refund(request)
        if done is None and word:
            return RefundStatus(request.refund_id, "refused", request.amount_minor, word)
        if done is None:
            raise ProviderUnknown("taken, but not carried out yet")
        if done.amount_minor != request.amount_minor:
            raise ProviderRefused("refund_differs", "done before with another amount")
        return done

    def ask_refund(self, request: RefundRequest) -> RefundStatus | None:
        """See the port."""
        named = {"out_trade_no": request.payment_id.hex, "out_request_no": request.refund_id.hex}
        return read_refund(request, self._gateway.call("alipay.trade.fastpay.refund.query", named))

    def list_payments(
        self, opened_from: datetime, opened_until: datetime
    ) -> Sequence[ListedPayment]:
        """See the port, except: paid payments only, of days whose bill is there (bill.py).

        The bill of a day comes on the next morning in China. One question for each payment.
        """

        def ask(payment_id: UUID) -> PaymentStatus:
            return self.ask(payment_id, None)

        now = self._clock()
        with readable():
            return listed_payments(self._gateway, ask, opened_from, opened_until, now)

    def verify_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderEvent:
        """See the port."""
        return self._notifications.event(headers, body, now)

    def _address(self, request: PaymentRequest, amount: str) -> str:
        phone = request.metadata.get("device") == "phone"
        content = {
            "out_trade_no": request.payment_id.hex,
            "total_amount": amount,
            "subject": request.description.translate(NOT_IN_SUBJECTS)[:120],
            "passback_params": request.order_id.hex,
            "time_expire": written(self._clock() + PAYABLE_FOR),
            "product_code": "QUICK_WAP_WAY" if phone else "FAST_INSTANT_TRADE_PAY",
        }
        if phone:
            content["quit_url"] = request.cancel_url
        api = "alipay.trade.wap.pay" if phone else "alipay.trade.page.pay"
        return self._gateway.page(
            api, content, notify_url=self._notify_url, return_url=request.return_url
        )

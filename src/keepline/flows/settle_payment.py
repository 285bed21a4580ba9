"""`payment.settled`: both roads, the browser's return and the webhook, meet here.

Neither road is believed: each only says where to look. The provider is asked, and what it
answers is booked once, whoever comes first, twice, or hours late.

    N  settle_payment.ask     what does the provider hold to be true; of a charge to a saved
                              method it is asked by charging again under the same key
    T  settle_payment.book    capture into the wallet, then extend or send to the network; or let
                              a person look first; or cancel; or look again later
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from keepline.catalog.queries import policy_values
from keepline.core import postings
from keepline.core.lifecycle.method import MethodEvent, MethodState
from keepline.core.lifecycle.order import OrderEvent, OrderState
from keepline.core.lifecycle.payment import PaymentEvent, PaymentState
from keepline.core.money import Money
from keepline.core.retries import doubled, next_ask_after
from keepline.flows import wake
from keepline.flows.delivering.kinds import delivery_of
from keepline.flows.follow_disputes import look_if_told
from keepline.flows.forget_method import kept_by_provider
from keepline.flows.limits import needs_review
from keepline.flows.sale import (
    captured,
    deliver_by_network,
    give_back,
    held_parts,
    is_exchanged,
    sale_of,
    send_back,
    wait_for_review,
)
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import (
    ChargeRequest,
    PaymentProvider,
    PaymentStatus,
    ProviderRefused,
    ProviderUnknown,
)
from keepline.ledger import services as ledger
from keepline.lines import services as lines
from keepline.messages import services as outbox
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order, OrderKind
from keepline.payments import methods
from keepline.payments import queries as payment_queries
from keepline.payments import services as payments
from keepline.payments.models import Payment

ACTION = "payment.settled"
CHECKOUT_OPEN_FOR = timedelta(hours=1)  # then the provider is asked to close it
SLOW_MONEY = timedelta(hours=1)
FIRST_LOOK_AFTER, LONGEST_LOOK_AFTER = timedelta(seconds=15), timedelta(minutes=10)
CHARGED_FOR = timedelta(hours=5)  # less than any provider remembers the key of a charge
LONGEST_PAUSE_OF_CHARGE = timedelta(hours=1)  # its line can be renewed in no other way meanwhile
A_MOMENT = timedelta(seconds=1)
RESTING = (PaymentState.CAPTURED,)


def settle(order_id: UUID, now: datetime) -> OrderState:
    """Asks the provider about an order's payment and books the answer. Safe at any time."""
    order = order_queries.by_id(order_id)
    payment = payment_queries.of_order(order_id)
    if payment is None or payment.state in RESTING:
        return OrderState(order.state)
    provider = switchboard.payments(payment.provider)
    overdue = now > _open_until(order, payment)
    try:
        with network_step("settle_payment.ask"):
            status = _ask(provider, order, payment, overdue)
    except ProviderUnknown:
        return _no_answer(order, now)
    with transaction_step("settle_payment.book"):
        return _book(order, status, overdue, now)


def _open_until(order: Order, payment: Payment) -> datetime:
    """After it nobody shall pay any more."""
    open_for = CHARGED_FOR if payment.method_id else CHECKOUT_OPEN_FOR
    found: datetime = order.accepted_at + open_for
    return found


def _ask(provider: PaymentProvider, order: Order, payment: Payment, overdue: bool) -> PaymentStatus:
    """Nobody shall pay for an order that is over: its checkout is closed, not just read."""
    if overdue or order.state != OrderState.ACKNOWLEDGED:
        return provider.cancel(payment.id, payment.provider_payment_id)
    if payment.method_id and payment.state == PaymentState.CREATED:
        return _charge(provider, order, payment, payment.method_id)
    return provider.ask(payment.id, payment.provider_payment_id)


def _charge(
    provider: PaymentProvider, order: Order, payment: Payment, method_id: UUID
) -> PaymentStatus:
    """Takes the money from the saved method; sent twice, it is taken once.

    A method that its holder has removed is not charged any more, also not under a key that was
    sent: an earlier call may never have come there. It is asked about; where the provider finds a
    charge hours later only, until it does or the payment's time is over.
    """
    method = methods.read(method_id, order.account_id)
    code, certain = "method_removed", provider.finds_charges
    if method.state == MethodState.STORED:
        request = ChargeRequest(
            payment_id=payment.id,
            order_id=order.id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            description=f"Keepline {str(order.id)[-8:]}",
            method=kept_by_provider(method),
            metadata={"order_id": str(order.id)},
        )
        try:
            return provider.charge_stored(request)
        except ProviderRefused as refused:
            code, certain = refused.code, True
    status = provider.ask(payment.id, payment.provider_payment_id)
    if status.status == "not_found" and certain:
        return replace(status, status="declined", decline_code=code)
    return status


def _no_answer(seen: Order, now: datetime) -> OrderState:
    with transaction_step("settle_payment.no_answer"):
        order = orders.lock_order(seen.id)
        payment = payments.lock_payment(seen.id)
        assert payment is not None
        if payment.state not in RESTING:
            payments.record_ask(payment)
            orders.look_later(seen, now + _pause_after_silence(order, payment, now))
    return OrderState(order.state)


def _pause_after_silence(order: Order, payment: Payment, now: datetime) -> timedelta:
    """Looked at again at the latest when it is to be closed; a charge, which no webhook may tell
    of, never later than in an hour."""
    pause = next_ask_after(payment.asks - 1, now - order.accepted_at)
    until = _open_until(order, payment)
    if now <= until:
        pause = min(pause, until + A_MOMENT - now)
    return min(pause, LONGEST_PAUSE_OF_CHARGE) if payment.method_id else pause


def _book(seen: Order, status: PaymentStatus, overdue: bool, now: datetime) -> OrderState:
    """Locks in the order stock, line, wallet, order; decides on what it finds then."""
    order_id = seen.id
    if seen.stock:
        delivery_of(seen).lock_stock(seen)
    line = lines.lock_line(seen.line_id, seen.account_id) if seen.line_id else None
    ledger.lock_wallet(seen.wallet_id)
    order = orders.lock_order(order_id)
    payment = payments.lock_payment(order_id)
    assert payment is not None
    if payment.state in RESTING:
        return OrderState(order.state)  # the second arrival changes nothing
    if status.status == "captured":
        _captured(order, line, payment, status, now)
    elif status.status in ("declined", "expired") or (status.status == "not_found" and overdue):
        _ended_unpaid(order, payment, status, now)
    elif order.state == OrderState.ACKNOWLEDGED:
        _wait_on(seen, order, payment, status, now)
    elif status.status == "pending":  # a slow method; late money must find somebody who looks
        orders.look_later(seen, now + SLOW_MONEY)
    return OrderState(order.state)


def _captured(
    order: Order,
    line: lines.LockedLine | None,
    payment: Payment,
    status: PaymentStatus,
    now: datetime,
) -> None:
    if payment.provider_payment_id is None and status.provider_payment_id:
        payments.name_at_provider(payment, status.provider_payment_id)
    payments.transition(
        payment,
        PaymentEvent.CAPTURE,
        captured_minor=status.captured_minor,
        captured_at=now,
        provider_payment_id=status.provider_payment_id or payment.provider_payment_id,
        currency=status.currency,
    )
    currencies = dict.fromkeys([status.currency, order.currency])
    ledger.open_house_accounts(list(currencies), [payment.provider])
    if len(currencies) > 1 and not is_exchanged(order, payment):
        # Nobody asked for this currency: it is booked as what it is.
        ledger.lock_wallet_of(order.account_id, status.currency)
    ledger.book(order.slot, captured(order, payment), now)
    if order.state != OrderState.ACKNOWLEDGED:
        _too_late(order, payment, now)
    elif Money(status.captured_minor, status.currency) != order.asked:
        give_back(order, payment, OrderEvent.REJECT, "amount_differs", now)
        wake.orders()
    elif _can_be_served(order, line) and needs_review(order, payment, now):
        wait_for_review(order, now)
    else:
        serve(order, line, payment, now)


def serve(order: Order, line: lines.LockedLine | None, payment: Payment, now: datetime) -> None:
    """All the order's money is in the wallet and nothing stands in its way any more.

    The caller holds the locks of line, wallet and order.
    """
    if order.kind == OrderKind.TOP_UP:
        ledger.book(order.slot, postings.void(sale_of(order), held_parts(order)), now)
        orders.transition(order, OrderEvent.COMPLETE, now, settled_at=order.settled_at or now)
        outbox.put("wallet.topped_up", order.account_id, None, order.id, now)
    else:
        assert line is not None
        _fund(order, line, payment, now)
    look_if_told(order, payment, now)


def _can_be_served(order: Order, line: lines.LockedLine | None) -> bool:
    """A top-up always; the line of another order may have ended since that was accepted."""
    return line is None or delivery_of(order).possible(line)


def _fund(order: Order, line: lines.LockedLine, payment: Payment, now: datetime) -> None:
    """All the order's money is in the wallet; service comes now, or from the network.

    The line is looked at anew: it may have ended since the order was accepted, or its service
    may have been cut, and then the network must be told whatever the plan.
    """
    delivery = delivery_of(order)
    if not delivery.possible(line):
        give_back(order, payment, OrderEvent.REJECT, "state_refuses", now)
        wake.orders()
    elif delivery.needs_network(order, line):
        delivery.begin(order, line, now)
        promise_seconds = policy_values(line.policy_id).promise_seconds
        deliver_by_network(order, promise_seconds, now)
        ledger.book(order.slot, postings.hold(sale_of(order), "payment"), now)  # or is, by a review
        wake.orders()
    else:
        delivery.confirm(order, line, None, now)


def _too_late(order: Order, payment: Payment, now: datetime) -> None:
    """Money for an order that has ended: it goes back the way it came."""
    ledger.book(order.slot, send_back(order, payment, now), now)
    orders.look_again(order, now, attempts=0)
    wake.orders()


def _ended_unpaid(order: Order, payment: Payment, status: PaymentStatus, now: datetime) -> None:
    if payment.state in (PaymentState.DECLINED, PaymentState.EXPIRED):
        return
    declined = status.status == "declined"
    payments.transition(
        payment,
        PaymentEvent.DECLINE if declined else PaymentEvent.EXPIRE,
        decline_code=status.decline_code[:40],
    )
    if status.decline_kind == "final" and payment.method_id:
        _never_again(payment.method_id, payment.account_id)
    if order.state == OrderState.ACKNOWLEDGED:
        code = "payment_declined" if declined else "payment_expired"
        if status.decline_kind == "approval":
            code = "approval_needed"
        give_back(order, payment, OrderEvent.CANCEL, code, now)


def _never_again(method_id: UUID, account_id: UUID) -> None:
    """Its provider says that the method will never work again: no line tries it any more."""
    method = methods.lock(method_id, account_id)
    if method.state == MethodState.STORED:
        methods.transition(method, MethodEvent.REFUSE)


def _wait_on(
    seen: Order, order: Order, payment: Payment, status: PaymentStatus, now: datetime
) -> None:
    """Not paid yet: look again with growing pauses, at the latest when the checkout closes."""
    if status.status == "pending" and payment.state == PaymentState.CREATED:
        if status.provider_payment_id:
            payments.name_at_provider(payment, status.provider_payment_id)
        payments.transition(
            payment,
            PaymentEvent.OPEN,
            provider_payment_id=status.provider_payment_id,
            checkout_url=status.checkout_url,
        )
    orders.look_later(seen, now + doubled(FIRST_LOOK_AFTER, order.attempts, LONGEST_LOOK_AFTER))

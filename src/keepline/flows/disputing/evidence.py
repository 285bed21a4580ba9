"""What proves a sale to a payer's bank: the order's own record, as plain text in English.

Banks read it, not holders, so it is neither translated nor shortened. No card, no message, no
address is in it: what was ordered, when, from whom, what was given, and what went back.
"""

from collections.abc import Iterator, Mapping

from keepline.core.money import Money, to_decimal
from keepline.flows.show_order import OrderView

STEPS = {
    "ordered": "Ordered",
    "paid": "Paid",
    "sent": "Sent to the carrier's network",
    "confirmed": "Confirmed by the carrier's network",
    "extended": "Service extended",
    "given_back": "Number given back",
    "booked": "Added to the customer's balance",
    "ended": "Ended without service",
    "refunded": "Refunded",
}
BUCKETS = (("data_bytes", "bytes"), ("voice_seconds", "seconds"), ("sms_count", "messages"))


def evidence_of(view: OrderView) -> str:
    """The text that staff look at, change, and send."""
    return "\n".join([*_what(view), "", *_timeline(view), "", *_service(view), "", *_back(view)])


def _what(view: OrderView) -> Iterator[str]:
    order = view.order
    yield f"Order {order.id}, receipt {order.receipt_number or '-'}"
    if view.plan:
        yield f"Prepaid telephone service, plan {view.plan.name.get('en', view.plan.code)}"
    else:
        yield "Prepaid balance of a telephone account"
    if view.line and view.line.e164:
        yield f"Number +{view.line.e164}"
    yield f"Customer account opened {view.account.opened_at:%Y-%m-%d}"
    yield f"Total {_amount(order.total_minor, order.currency)}, tax included"
    if view.payment:
        yield f"Payment {view.payment.provider_payment_id or view.payment.id}"


def _timeline(view: OrderView) -> Iterator[str]:
    yield "What happened (UTC):"
    for step in view.steps:
        at = f"{step.at:%Y-%m-%d %H:%M:%S}" if step.at else "by then"
        yield f"- {STEPS[step.kind]}: {at if step.state == 'done' else step.state}"


def _service(view: OrderView) -> Iterator[str]:
    order = view.order
    yield "What was given:"
    if order.valid_until_after:
        before = order.valid_until_before
        yield f"- valid until {before:%Y-%m-%d %H:%M} before" if before else "- not valid before"
        yield f"- valid until {order.valid_until_after:%Y-%m-%d %H:%M} after"
    for name, unit in BUCKETS:
        if name in view.buckets_after:
            was, is_now = view.buckets_before.get(name), view.buckets_after[name]
            yield f"- {unit}: {_count(was)} before, {_count(is_now)} after"
    yield from _network(view.network)


def _network(network: Mapping[str, object]) -> Iterator[str]:
    if network.get("outcome") == "confirmed":
        yield f"- the network ({network.get('by')}) confirmed at {network.get('at')}"


def _back(view: OrderView) -> Iterator[str]:
    if not view.refunds:
        yield "Nothing of this order was refunded."
    for refund in view.refunds:
        amount = _amount(refund.amount_minor, refund.currency)
        yield f"Refunded {refund.decided_at:%Y-%m-%d}: {amount}"


def _amount(amount_minor: int, currency: str) -> str:
    return f"{to_decimal(Money(amount_minor, currency))} {currency}"


def _count(value: int | None) -> str:
    return "unlimited" if value is None else str(value)

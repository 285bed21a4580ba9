"""`webhook.received`: a provider told us where to look.

    T  receive_webhook.store     raw, once per event; the order becomes due now
    T  receive_webhook.refused   not to be believed: counted, and nothing of it kept

The event is not believed: the worker asks the provider (settle_payment). An event that speaks of
nothing of ours is kept all the same, and changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime

import structlog

from keepline.accounts import clocks
from keepline.core.ids import slot_of
from keepline.flows import wake
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import SignatureRefused
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.payments import disputes, refused_webhooks
from keepline.payments import queries as payment_queries
from keepline.payments import services as payments

ACTION = "webhook.received"
ABOUT_MONEY_BACK = ("dispute.opened", "dispute.closed", "refund.succeeded", "refund.refused")
log = structlog.get_logger(__name__)


def receive_webhook(provider: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Stores a webhook and makes its order due. False when it was here before.

    Raises SignatureRefused, FlowRefused("not_found") for a provider the operator has not, and
    ProviderUnknown when a dispute's payment had to be looked up without an answer.
    """
    if provider not in switchboard.providers():
        raise FlowRefused("not_found")
    try:
        event = switchboard.payments(provider).verify_webhook(headers, body, now)
    except SignatureRefused as refused:
        log.warning("webhook_refused", provider=provider, reason=refused.reason)
        with transaction_step("receive_webhook.refused"):
            refused_webhooks.count_one(provider, now)
        raise
    with transaction_step("receive_webhook.store"):
        fresh = payments.store_event(
            provider, event.event_id, event.kind, event.payment_id, body.decode(), now
        )
        payment = payment_queries.by_id(event.payment_id)
        if fresh and payment is not None and payment.provider == provider:
            assert slot_of(payment.id) == slot_of(payment.order_id)
            order = order_queries.by_id(payment.order_id)
            if event.kind in ABOUT_MONEY_BACK:
                disputes.ask_about(payment, due=True)
            due_at = clocks.now_for(order.account_id, now)  # its signature was of real time
            orders.look_again(order, due_at, attempts=0)
            wake.orders()
    return fresh

"""`browser.subscribed`: a browser of a user shows messages from now on.

T  one transaction: where it is reached, sealed, and its line in the audit trail. The same browser
   again writes it anew and tells nobody.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keepline.audit import services as audit
from keepline.flows.errors import FlowRefused
from keepline.gateways import switchboard
from keepline.gateways.messaging.push import SubscriptionRefused
from keepline.messages import browsers

ACTION = "browser.subscribed"


def push_key() -> str:
    """What browsers subscribe with; "" when the operator has no web push."""
    return switchboard.push().public_key if switchboard.has("push") else ""


@transaction.atomic
def subscribe_browser(
    user_id: int,
    account_id: UUID,
    endpoint: str,
    p256dh: str,
    auth: str,
    user_agent: str,
    now: datetime,
) -> None:
    """The three as the browser's PushSubscription has them.

    Raises FlowRefused: push_unavailable, subscription_refused.
    """
    if not switchboard.has("push"):
        raise FlowRefused("push_unavailable")
    try:
        to = switchboard.push().read(endpoint, p256dh, auth)
    except SubscriptionRefused as error:
        raise FlowRefused("subscription_refused") from error
    if browsers.subscribe(user_id, to, user_agent, now):
        audit.record(ACTION, actor=f"user:{user_id}", now=now, account_id=account_id)

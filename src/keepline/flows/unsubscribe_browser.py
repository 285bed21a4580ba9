"""`browser.unsubscribed`: a browser of a user shows messages no longer.

T  one transaction: where it was reached is erased, its line in the audit trail comes.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keepline.audit import services as audit
from keepline.messages import browsers

ACTION = "browser.unsubscribed"


@transaction.atomic
def unsubscribe_browser(
    user_id: int,
    account_id: UUID,
    now: datetime,
    *,
    browser_id: int | None = None,
    endpoint: str = "",
) -> bool:
    """By its place in the list, or by the address that the browser knows. False for none of
    theirs; nothing is written then."""
    gone = (
        browsers.unsubscribe_at(user_id, endpoint)
        if browser_id is None
        else browsers.unsubscribe(user_id, browser_id)
    )
    if gone:
        audit.record(ACTION, actor=f"user:{user_id}", now=now, account_id=account_id)
    return gone

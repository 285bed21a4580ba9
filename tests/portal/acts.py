"""What the tests of pages do again and again."""

from typing import Any
from uuid import UUID

from django.test import Client

from keepline.accounts.models import User
from keepline.flows.recognise_revenue import number_receipts
from keepline.gateways.messaging.push import Subscription
from keepline.messages import browsers
from keepline.orders.models import Order
from tests.cast import NOW, Cast
from tests.gateways.test_web_push import Browser

KEY = "9f2c6f5e-0001"


def order_form(stage: Cast, **changes: str) -> dict[str, Any]:
    """What the order page sends: the whole from the wallet."""
    return {
        "plan": stage.plan.code,
        "key": KEY,
        "pay": "only:",
        "expected_total_minor": "300",
    } | changes


def renew_url(stage: Cast) -> str:
    return f"/lines/{stage.line.id}/renew/"


def renewed(client: Client, stage: Cast, **changes: str) -> UUID:
    """Renews through the portal; the order's id."""
    answer = client.post(renew_url(stage), order_form(stage, **changes))
    assert answer.status_code == 302, answer.content
    return Order.objects.get(kind="renewal").id


def with_receipt(client: Client, stage: Cast, **changes: str) -> UUID:
    """Renews, and the numberer has been by."""
    order_id = renewed(client, stage, **changes)
    number_receipts("house", NOW)
    return order_id


def shows_messages(user: User, place: str = "abc") -> None:
    """A browser of the user's."""
    given = Browser().given(f"https://push.example/send/{user.pk}-{place}")
    browsers.subscribe(user.pk, Subscription(**given), "Firefox/140.0", NOW)

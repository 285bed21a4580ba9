"""What the tests of flows do again and again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from keepline.core.lifecycle.line import LineEvent
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import settle
from keepline.ledger.models import Wallet
from keepline.lines import services as lines
from keepline.lines.models import Validity
from keepline.payments.models import Payment
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider


def request(cast: Cast, **changes: Any) -> renew_line.RenewalRequest:
    values: dict[str, Any] = {
        "account_id": cast.account.id,
        "line_id": cast.line.id,
        "plan_code": cast.plan.code,
        "currency": "USD",
        "use_wallet": "part",
        "provider": None,
        "key": "key-0001",
        "expected_total_minor": None,
        "actor": "user:1",
        "channel": "portal",
    }
    return renew_line.RenewalRequest(**(values | changes))


def valid_until(cast: Cast) -> datetime:
    found = Validity.objects.by_id(cast.line.id).valid_until
    assert found is not None
    return found


def wallet(cast: Cast) -> tuple[int, int]:
    row: Wallet = Wallet.objects.by_id(cast.wallet_id)
    return row.posted_minor, row.pending_minor


def move_line(cast: Cast, event: LineEvent, now: datetime = NOW) -> None:
    """What the sweep, the holder or staff would do to the line."""
    with transaction.atomic():
        locked = lines.lock_line(cast.line.id, cast.account.id)
        lines.transition(locked, event, "staff:1", "test", now)


def pay_by_provider(cast: Cast, provider: FakeProvider) -> UUID:
    """A renewal whose provider's part is captured and which waits for the network."""
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    provider.pay(Payment.objects.get(order_id=started.order_id).id)
    assert settle(started.order_id, NOW) is OrderState.IN_PROGRESS
    return started.order_id

"""What the tests of flows do again and again."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.core.agenda import Step
from keepline.core.lifecycle.line import LineEvent
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line, top_up_wallet
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import settle
from keepline.flows.sweep_lines import sweep
from keepline.flows.top_up_wallet import TopUpRequest
from keepline.inventory import services as inventory
from keepline.ledger.models import Wallet
from keepline.lines import services as lines
from keepline.lines.models import Line, Validity
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
        "key": f"key-{cast.account.id}",
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


def let_go(cast: Cast, e164: int, fee_minor: dict[str, int], now: datetime = NOW) -> None:
    """The line has a number and nobody renews it: the sweep withdraws it at `now`."""
    day = timedelta(days=1)
    Policy.objects.update(reclaim_fee_minor=fee_minor)
    catalog.forget()
    line_id = cast.line.id
    row = Validity.objects.by_id(line_id)
    Line.objects.filter(slot=cast.account.slot, id=line_id).update(e164=e164)
    inventory.add_numbers([e164], now - 200 * day)
    with transaction.atomic():
        inventory.assign(e164, cast.account.id, line_id, now - 120 * day)
    Validity.objects.filter(slot=cast.account.slot, id=line_id).update(
        state="suspended",
        since_at=now - 60 * day,
        next_step=Step.WITHDRAW,
        next_action_at=now,
        warned_at=max(now, (row.valid_until or now) + day),
    )
    sweep(now)
    assert Validity.objects.by_id(line_id).state == "terminated"


def topped_up(cast: Cast, provider: FakeProvider, amount_minor: int = 2000) -> UUID:
    """Money that a provider captured, in the wallet."""
    asked = TopUpRequest(
        cast.account.id, amount_minor, "USD", "sandbox", "key-0002", "user:1", "portal"
    )
    order_id = top_up_wallet.start(asked, NOW).order_id
    open_payment(order_id, "en", NOW)
    provider.pay(Payment.objects.get(order_id=order_id).id)
    assert settle(order_id, NOW) is OrderState.COMPLETED
    return order_id


def pay_by_provider(cast: Cast, provider: FakeProvider) -> UUID:
    """A renewal whose provider's part is captured and which waits for the network."""
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    provider.pay(Payment.objects.get(order_id=started.order_id).id)
    assert settle(started.order_id, NOW) is OrderState.IN_PROGRESS
    return started.order_id

"""Who tries stolen cards is stopped at a real provider's door too: at Stripe's, by what FakeStripe
tells of its checkouts and of charges of saved methods. The clock's charges stop nobody.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.core.cache import cache

from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line, save_method, top_up_wallet
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import CHECKOUT_OPEN_FOR, settle
from keepline.gateways import switchboard
from keepline.gateways.payments.stripe.adapter import StripePayments
from keepline.orders.queries import BY_CLOCK
from keepline.payments import limits, methods
from keepline.payments import queries as payment_queries
from keepline.payments.models import Payment
from keepline.payments.services import payment_id_of
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import request
from tests.gateways.stripe_process import StripeProcess, stripe_process
from tests.saved import saved, saving

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOWHERE = "http://127.0.0.1:9/"  # nobody takes the webhooks: they may all get lost
DECLINED_LATER = "9995"  # the digits of a card that is kept, and declined when it is charged


@pytest.fixture(autouse=True)
def shipped_limits() -> Iterator[None]:
    cache.clear()
    limits.put_in_force(None)
    yield
    limits.put_in_force(None)


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeProcess]:
    with stripe_process(tmp_path_factory.mktemp("stripe"), NOWHERE) as process:
        yield process


@pytest.fixture
def stripe(fake: StripeProcess) -> Iterator[StripePayments]:
    adapter = fake.adapter()
    switchboard.connect("payments:stripe", lambda: adapter)
    yield adapter
    switchboard._factories.pop("payments:stripe")


def at_the_checkout(cast: Cast, key: str, now: datetime, provider: str = "stripe") -> UUID:
    asked = top_up_wallet.TopUpRequest(
        cast.account.id, 100, "USD", provider, key, "user:1", "portal"
    )
    order_id = top_up_wallet.start(asked, now).order_id
    open_payment(order_id, "en", now)
    return order_id


def charged(cast: Cast, method_id: UUID, now: datetime, channel: str = "portal") -> str:
    """A renewal that the saved method is to pay: what it failed for."""
    asked = request(
        cast,
        key=f"charge-{now.isoformat()}",
        provider=methods.read(method_id, cast.account.id).provider,
        method_id=method_id,
        use_wallet="none",
        channel=channel,
    )
    order_id = renew_line.start(asked, now).order_id
    assert settle(order_id, now) is OrderState.CANCELLED
    return str(Payment.objects.get(order_id=order_id).decline_code)


def held_until(cast: Cast, now: datetime) -> datetime | None:
    """None when the account may pay."""
    try:
        at_the_checkout(cast, f"key-of-{now.isoformat()}", now)
    except FlowRefused as refused:
        return refused.facts["paused_until"]  # type: ignore[return-value]
    return None


@pytest.mark.parametrize("cards", [1, 2, 0])
def test_cards_tried_at_checkouts_that_then_expire(
    fake: StripeProcess, stripe: StripePayments, cards: int
) -> None:
    """Stripe leaves the page open after a declined card; untried ones are no declines."""
    cast = assemble()
    opened = [at_the_checkout(cast, f"key-{n:04}", NOW + n * MINUTE) for n in range(5)]
    for order_id in opened:
        for _ in range(cards):
            fake.act(payment_id_of(order_id), "decline", code="stolen_card")
        assert settle(order_id, NOW + 5 * MINUTE) is OrderState.ACKNOWLEDGED
    over = NOW + CHECKOUT_OPEN_FOR + 5 * MINUTE
    assert {settle(order_id, over) for order_id in opened} == {OrderState.CANCELLED}
    history = payment_queries.histories([cast.account.id])[cast.account.id]
    assert history.declined == (5 if cards else 0)
    assert held_until(cast, over) == (NOW + 4 * MINUTE + DAY if cards else None)


def test_saved_cards_that_are_declined_by_hand(fake: StripeProcess, stripe: StripePayments) -> None:
    cast = assemble()
    method_id, _page = save_method.start(saving(cast, provider="stripe"), NOW - 2 * HOUR)
    fake.call("POST", f"/control/storings/{method_id}/keep", json={"last4": DECLINED_LATER})
    assert save_method.settle(method_id, cast.account.id, NOW - 2 * HOUR) == "stored"
    for n in range(5):
        assert charged(cast, method_id, NOW + n * MINUTE)
    assert held_until(cast, NOW + 5 * MINUTE) == NOW + 4 * MINUTE + DAY


@pytest.mark.parametrize(("channel", "stops"), [("portal", True), (BY_CLOCK, False)])
def test_what_the_clock_tries_stops_no_holder_at_the_checkout(
    provider: FakeProvider, channel: str, stops: bool
) -> None:
    """Many lines may name one card that has no money: the holder pays by another one."""
    cast = assemble()
    method_id = saved(cast, provider)
    provider.declines = ["retry"] * 12
    began = NOW + 2 * HOUR  # when it was saved no longer counts
    for n in range(5 if stops else 12):
        assert charged(cast, method_id, began + n * MINUTE, channel) == "said_retry"
    now = began + 12 * MINUTE
    if stops:
        with pytest.raises(FlowRefused, match="payments_paused"):
            at_the_checkout(cast, "key-by-hand", now, "sandbox")
    else:
        assert at_the_checkout(cast, "key-by-hand", now, "sandbox")

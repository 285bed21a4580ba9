"""POST /webhooks/payments/PROVIDER/ at every adapter: what is not the provider's word to us, now,
is refused, changes no row but its counter, and is counted. What is, is stored once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from structlog.testing import capture_logs

from keepline.flows import renew_line
from keepline.gateways import switchboard
from keepline.orders.models import Order
from keepline.payments.models import Payment, ProviderEvent, RefusedWebhooks
from tests.cast import assemble
from tests.flows.acts import request
from tests.gateways.tills import CURRENCIES
from tests.webhooks.signers import Signatures, Webhook, signatures

pytestmark = pytest.mark.django_db
COUNTER = RefusedWebhooks._meta.db_table
Case = Callable[[Signatures, Payment, datetime], Webhook]


def wrong_key(by: Signatures, payment: Payment, now: datetime) -> Webhook:
    return by.stranger(payment, now)


def old_timestamp(by: Signatures, payment: Payment, now: datetime) -> Webhook:
    return by.provider(payment, now - by.believed_for - timedelta(minutes=1))


def ahead_of_time(by: Signatures, payment: Payment, now: datetime) -> Webhook:
    return by.provider(payment, now + timedelta(minutes=7))


def changed_body(by: Signatures, payment: Payment, now: datetime) -> Webhook:
    headers, body = by.provider(payment, now)
    digit = next(place for place, byte in enumerate(body) if chr(byte).isdigit())
    other = b"1" if body[digit : digit + 1] != b"1" else b"2"
    return headers, body[:digit] + other + body[digit + 1 :]


def longer_body(by: Signatures, payment: Payment, now: datetime) -> Webhook:
    headers, body = by.provider(payment, now)
    return headers, body + b"0"


def another_account(by: Signatures, payment: Payment, now: datetime) -> Webhook:
    return by.another_account(payment, now)


def another_provider(by: Signatures, payment: Payment, now: datetime) -> Webhook:
    """Right, at the wrong door."""
    name = "stripe" if by.adapter.name != "stripe" else "sandbox"
    return signatures(name).provider(payment, now)


def unsigned(by: Signatures, payment: Payment, now: datetime) -> Webhook:
    headers, body = by.provider(payment, now)
    return {"content-type": headers["content-type"]}, body.replace(b"sign", b"gone")


WRONG: list[Case] = [
    wrong_key,
    old_timestamp,
    ahead_of_time,
    changed_body,
    longer_body,
    another_account,
    another_provider,
    unsigned,
]


@pytest.fixture(autouse=True)
def every_adapter() -> Iterator[None]:
    before = dict(switchboard._factories)
    for name in CURRENCIES:
        switchboard.connect(f"payments:{name}", lambda name=name: signatures(name).adapter)
    yield
    switchboard._factories.clear()
    for port, factory in before.items():
        switchboard.connect(port, factory)


def a_payment(provider: str) -> Payment:
    """Asked for now, of that provider."""
    currency = CURRENCIES[provider][0]
    cast = assemble(wallet_minor=100, currency=currency)
    asked = request(cast, provider=provider, currency=currency)
    order_id = renew_line.start(asked, datetime.now(UTC)).order_id
    found: Payment = Payment.objects.get(order_id=order_id)
    return found


def everything() -> dict[str, str]:
    """What stands in each table, but for the counter."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = {name for (name,) in cursor.fetchall()} - {COUNTER}
        found = {}
        for table in tables:
            rows = f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"
            cursor.execute(rows)
            found[table] = str(cursor.fetchone()[0])
    return found


def post(provider: str, webhook: Webhook) -> tuple[int, str]:
    headers, body = webhook
    named = {name: value for name, value in headers.items() if name != "content-type"}
    answer = Client().post(
        f"/webhooks/payments/{provider}/",
        data=body,
        content_type=headers["content-type"],
        headers=named,
    )
    return answer.status_code, answer.content.decode()


def refused(provider: str) -> int:
    return sum(RefusedWebhooks.objects.filter(provider=provider).values_list("count", flat=True))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda case: case.__name__)
@pytest.mark.parametrize("provider", CURRENCIES)
def test_what_is_not_their_word_is_refused_changes_nothing_and_is_counted(
    provider: str, wrong: Case
) -> None:
    payment, now = a_payment(provider), datetime.now(UTC)
    webhook = wrong(signatures(provider), payment, now)
    before = everything()
    with capture_logs() as logs:
        for times in (1, 2):
            assert post(provider, webhook) == (400, "signature refused")
            assert refused(provider) == times
    assert everything() == before
    assert [(one["event"], one["provider"]) for one in logs] == [("webhook_refused", provider)] * 2
    assert RefusedWebhooks.objects.count() == 1  # a day's row, however many come


@pytest.mark.parametrize("provider", CURRENCIES)
def test_a_right_one_is_received_and_its_repeat_changes_nothing(provider: str) -> None:
    payment, now = a_payment(provider), datetime.now(UTC)
    webhook = signatures(provider).provider(payment, now)
    received = 200, signatures(provider).adapter.acknowledgement
    assert post(provider, webhook) == received
    event = ProviderEvent.objects.get()
    assert (event.provider, event.payment_id) == (provider, payment.id)
    due_at = Order.objects.by_id(payment.order_id).next_action_at
    assert now <= due_at <= datetime.now(UTC)
    before = everything()
    assert post(provider, webhook) == received
    assert everything() == before
    assert refused(provider) == 0


@pytest.mark.parametrize("provider", CURRENCIES)
def test_a_right_one_kept_and_sent_again_when_its_time_is_over_is_refused(provider: str) -> None:
    payment, now = a_payment(provider), datetime.now(UTC)
    by = signatures(provider)
    webhook = by.provider(payment, now)
    assert post(provider, webhook)[0] == 200
    before = everything()
    with time_machine.travel(now + by.believed_for + timedelta(minutes=1), tick=False):
        assert post(provider, webhook) == (400, "signature refused")
    assert (everything(), refused(provider)) == (before, 1)


def test_a_provider_that_is_not_connected_is_no_door() -> None:
    payment = a_payment("sandbox")
    webhook = signatures("sandbox").provider(payment, datetime.now(UTC))
    before = everything()
    assert post("nobody", webhook) == (404, "not_found")
    assert everything() == before

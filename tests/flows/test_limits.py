"""Limits against fraud stand before every payment, and nowhere else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from keepline.accounts.models import Account, Membership
from keepline.accounts.queries import sign_in_by
from keepline.accounts.services import note_contacts_changed, set_phone
from keepline.core.velocity import Rate, Sums
from keepline.flows import renew_line, top_up_wallet
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import (
    NOBODY,
    Caller,
    demand_other_sign_in,
    demand_settled_contacts,
)
from keepline.flows.open_payment import open_payment
from keepline.flows.paying import StartedOrder
from keepline.flows.settle_payment import settle
from keepline.gateways import switchboard
from keepline.orders.models import Order, RequestKey
from keepline.payments import limits, methods
from keepline.payments import queries as payment_queries
from keepline.payments.models import Payment
from tests import cast as stage
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import request, valid_until
from tests.flows.at_once import at_once

pytestmark = pytest.mark.django_db
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=s) for s in (1, 60, 3600, 86_400))
HOME, ABROAD = Caller(address="192.0.2.7"), Caller(address="198.51.100.9")


@pytest.fixture(autouse=True)
def own_limits(provider: FakeProvider) -> Iterator[None]:
    """The shipped ones, a fresh cache, and a second provider."""
    cache.clear()
    limits.put_in_force(None)
    switchboard.connect("payments:paypal", lambda: provider)
    yield
    switchboard._factories.pop("payments:paypal")
    limits.put_in_force(None)


def tune(**changes: Any) -> None:
    limits.put_in_force(replace(limits.shipped(), **changes))


class Keys:
    last = 0


def top_up(
    account: Account,
    now: datetime = NOW,
    caller: Caller = NOBODY,
    amount_minor: int = 100,
    key: str = "",
    provider: str = "sandbox",
) -> UUID:
    Keys.last += 1
    asked = top_up_wallet.TopUpRequest(
        account_id=account.id,
        amount_minor=amount_minor,
        currency="USD",
        provider=provider,
        key=key or f"top-up-{Keys.last:06}",
        actor="user:1",
        channel="portal",
        caller=caller,
    )
    return top_up_wallet.start(asked, now).order_id


def refused(account: Account, now: datetime = NOW, **asked: Any) -> datetime:
    """Until when; and nothing has changed."""
    before = written()
    with pytest.raises(FlowRefused) as caught:
        top_up(account, now, **asked)
    assert caught.value.code == "payments_paused"
    assert written() == before
    until: Any = caught.value.facts["paused_until"]
    assert until > now
    return until  # type: ignore[no-any-return]


def written() -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM django_cache ORDER BY cache_key")
        cached = cursor.fetchall()
    return Order.objects.count(), Payment.objects.count(), RequestKey.objects.count(), cached


def declined(cast: Cast, provider: FakeProvider, now: datetime) -> None:
    order_id = top_up(cast.account, now)
    open_payment(order_id, "en", now)
    provider.decline(Payment.objects.get(order_id=order_id).id)
    settle(order_id, now)


def paid(cast: Cast, provider: FakeProvider, amount_minor: int, now: datetime) -> None:
    order_id = top_up(cast.account, now, amount_minor=amount_minor)
    open_payment(order_id, "en", now)
    provider.pay(Payment.objects.get(order_id=order_id).id)
    settle(order_id, now)


@pytest.mark.parametrize(
    ("one", "other"),
    [(HOME, ABROAD), (Caller(device="browser"), Caller(device="another browser"))],
)
def test_three_a_minute_from_one_place_over_all_accounts(one: Caller, other: Caller) -> None:
    cast = assemble()
    for account in (cast.account, cast.account, cast.other_account):
        top_up(account, caller=one)
    assert refused(cast.other_account, caller=one) == NOW + MINUTE
    assert refused(cast.account, NOW + 59 * SECOND, caller=one) == NOW + MINUTE
    top_up(cast.account, caller=other)
    top_up(cast.account, caller=NOBODY)
    top_up(cast.account, NOW + MINUTE, caller=one)


def test_neighbours_in_one_household_are_one_address() -> None:
    cast = assemble()
    for host in range(3):
        top_up(cast.account, caller=Caller(address=f"2001:db8:1:2::{host}"))
    assert refused(cast.account, caller=Caller(address="2001:db8:1:2:ffff::1")) == NOW + MINUTE
    top_up(cast.account, caller=Caller(address="2001:db8:1:3::1"))


def test_ten_an_hour_of_one_account_and_six_at_one_provider() -> None:
    cast = assemble()
    for minute in range(6):
        top_up(cast.account, NOW + minute * MINUTE)
    now = NOW + 10 * MINUTE
    assert refused(cast.account, now) == NOW + HOUR
    for _ in range(4):
        top_up(cast.account, now, provider="paypal")
    assert refused(cast.account, now, provider="paypal") == NOW + HOUR
    top_up(cast.other_account, now)
    top_up(cast.account, NOW + HOUR)


def test_five_declines_and_the_account_rests_for_a_day(provider: FakeProvider) -> None:
    cast = assemble()
    for minute in range(5):
        declined(cast, provider, NOW + minute * MINUTE)
    last = NOW + 4 * MINUTE
    assert refused(cast.account, last) == last + DAY
    assert refused(cast.account, last + DAY - SECOND, provider="paypal") == last + DAY
    top_up(cast.other_account, last)
    top_up(cast.account, last + DAY)


def test_a_provider_that_opens_nothing_declined_nobody(provider: FakeProvider) -> None:
    cast = assemble()
    provider.refuse_opening = True
    for minute in range(5):
        order_id = top_up(cast.account, NOW + minute * MINUTE)
        with pytest.raises(FlowRefused, match="provider_refused"):
            open_payment(order_id, "en", NOW + minute * MINUTE)
    assert Payment.objects.filter(state="declined").count() == 5
    top_up(cast.account, NOW + 5 * MINUTE)


@pytest.mark.books_broken
def test_sums_of_a_day_and_what_went_back_is_none(provider: FakeProvider) -> None:
    cast = assemble()
    paid(cast, provider, 30_000, NOW)
    assert refused(cast.account, NOW + HOUR, amount_minor=20_001) == NOW + DAY
    top_up(cast.account, NOW + HOUR, amount_minor=20_000)  # nobody pays it
    assert refused(cast.account, NOW + HOUR, amount_minor=20_000) == NOW + 2 * HOUR
    top_up(cast.account, NOW + 2 * HOUR, amount_minor=20_000)
    Payment.objects.filter(amount_minor=30_000).update(refunded_minor=30_000)
    top_up(cast.account, NOW + 2 * HOUR, amount_minor=30_000)


def test_more_than_a_day_may_hold_never_passes_by_waiting() -> None:
    cast = assemble(price_minor=1001)
    tune(sums={"default": Sums(10, 10, 10)})
    asked = request(cast, provider="sandbox", use_wallet="none")
    before = written()
    with pytest.raises(FlowRefused) as caught:
        renew_line.start(asked, NOW)
    assert (caught.value.code, caught.value.facts) == ("amount_too_large", {"largest_minor": 1000})
    assert written() == before
    top_up(cast.account, amount_minor=1000)


def test_a_repeat_of_a_key_is_answered_as_before_and_counted_once() -> None:
    cast = assemble(wallet_minor=0)
    tune(address=(Rate(2, MINUTE),), account=(Rate(2, HOUR),))
    asked = request(cast, provider="sandbox", caller=HOME)
    first = renew_line.start(asked, NOW)
    for _ in range(5):
        assert renew_line.start(asked, NOW).order_id == first.order_id
        assert renew_line.start(replace(asked, caller=ABROAD), NOW).order_id == first.order_id
    top_up(cast.account, caller=HOME, key="top-up-again")
    refused(cast.account, caller=HOME)
    assert renew_line.start(asked, NOW).order_id == first.order_id
    top_up(cast.account, caller=HOME, key="top-up-again")


def test_a_refused_key_works_when_the_pause_is_over() -> None:
    cast = assemble(wallet_minor=0)
    tune(account=(Rate(1, HOUR),))
    top_up(cast.account)
    asked = request(cast, provider="sandbox")
    for now in (NOW, NOW + HOUR - SECOND):
        with pytest.raises(FlowRefused, match="payments_paused"):
            renew_line.start(asked, now)
    assert renew_line.start(asked, NOW + HOUR).first


def test_the_wallet_still_pays() -> None:
    cast = assemble(wallet_minor=1000)
    for _ in range(3):
        top_up(cast.account, caller=HOME)
    refused(cast.account, caller=HOME)
    before = valid_until(cast)
    renew_line.start(request(cast, use_wallet="only", caller=HOME), NOW)
    assert valid_until(cast) > before


def test_a_renewal_from_the_wallet_asks_nothing_of_the_limits() -> None:
    cast = assemble(wallet_minor=1000)
    with CaptureQueriesContext(connection) as seen:
        renew_line.start(request(cast, provider="sandbox", caller=HOME), NOW)
    said = " ".join(query["sql"] for query in seen.captured_queries)
    assert "orders_order" in said
    for word in ("payments_payment", "django_cache", "advisory"):
        assert word not in said


def test_thirty_cards_from_one_address_stop_at_the_door(provider: FakeProvider) -> None:
    """Several accounts, small amounts, every card declined, twenty seconds apart."""
    cast = assemble()
    thieves = [stage.account(stage.person(f"thief{n}")) for n in range(6)]
    said = []
    for card in range(30):
        now = NOW + card * 20 * SECOND
        try:
            order_id = top_up(thieves[card % 6], now, caller=HOME)
        except FlowRefused as no:
            said.append(no.code)
            continue
        open_payment(order_id, "en", now)
        provider.decline(Payment.objects.get(order_id=order_id).id)
        settle(order_id, now)
    assert said == ["payments_paused"] * 15
    assert len(provider.payments) == 15
    top_up(cast.account, NOW + 10 * MINUTE, caller=ABROAD)


def test_an_address_for_each_card_does_not_help_one_account(provider: FakeProvider) -> None:
    cast = assemble()
    for card in range(30):
        now = NOW + card * MINUTE
        try:
            order_id = top_up(cast.account, now, caller=Caller(address=f"192.0.2.{card}"))
        except FlowRefused:
            continue
        open_payment(order_id, "en", now)
        provider.decline(Payment.objects.get(order_id=order_id).id)
        settle(order_id, now)
    assert len(provider.payments) == 5


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_are_counted_as_ten() -> None:
    cast = assemble()
    others = [stage.account(stage.person(f"other{n}")) for n in range(9)]
    calls = [partial(top_up, each, caller=HOME) for each in (cast.account, *others)]
    answers = at_once(calls)
    assert sum(isinstance(answer, UUID) for answer in answers) == 3
    assert {getattr(answer, "code", "") for answer in answers} == {"", "payments_paused"}
    assert Payment.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_of_one_account_are_counted_as_ten() -> None:
    cast = assemble(wallet_minor=0)
    renewal = request(cast, provider="sandbox")
    calls: list[Any] = [partial(top_up, cast.account, key=f"at-once-{n}") for n in range(9)]
    calls.append(partial(renew_line.start, renewal, NOW))
    answers = at_once(calls)
    assert sum(isinstance(answer, UUID | StartedOrder) for answer in answers) == 6
    assert Payment.objects.count() == 6


OTHERS = """
INSERT INTO {table}
SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(),
          'account_id', gen_random_uuid(), 'order_id', gen_random_uuid()))).*
FROM {table} p, generate_series(1, 500)
"""


@pytest.mark.books_broken  # nobody's payments
def test_an_accounts_payments_are_found_by_their_index() -> None:
    cast = assemble()
    top_up(cast.account)
    methods.begin(cast.account.id, "sandbox", NOW, NOW)
    with connection.cursor() as cursor:  # others' in the slot, or any of its indexes would do
        for table in ("payments_payment", "payments_savedmethod"):
            cursor.execute(OTHERS.format(table=table))
            cursor.execute(f"ANALYZE {table}")
    from_at = NOW - limits.shipped().reach
    params: dict[str, Any] = {
        "slot": cast.account.slot,
        "account_id": cast.account.id,
        "from_at": from_at,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {payment_queries.PAST_OF}", params)
        explained = "\n".join(row[0] for row in cursor.fetchall())
    assert " payment_by_account " in explained, explained
    assert "Filter" not in explained, explained


def waits(account_id: UUID, at: datetime) -> datetime | None:
    """Until when; None when nothing stands against it."""
    try:
        demand_settled_contacts(account_id, at)
    except FlowRefused as refused:
        until: datetime = {refused.code: refused.facts}["contacts_changed"]["again_at"]
        return until
    return None


def test_new_contacts_keep_numbers_and_sims_where_they_are(settings: Any) -> None:
    cast = assemble()
    assert waits(cast.account.id, NOW) is None
    note_contacts_changed(cast.alice, NOW)
    assert waits(cast.account.id, NOW) == NOW + DAY
    assert waits(cast.account.id, NOW + DAY - SECOND) == NOW + DAY
    assert waits(cast.account.id, NOW + DAY) is None
    assert waits(cast.other_account.id, NOW) is None
    settings.ENV = replace(settings.ENV, contact_wait_hours=0)
    assert waits(cast.account.id, NOW) is None


@pytest.mark.parametrize(("role", "counts"), [("see", False), ("receive", False), ("spend", True)])
def test_whoever_may_change_the_lines_counts(role: str, counts: bool) -> None:
    cast = assemble()
    Membership.objects.filter(user=cast.bob).update(role=role)
    note_contacts_changed(cast.bob, NOW)
    assert (waits(cast.account.id, NOW) is not None) is counts


def test_nobody_is_left_without_a_way_in() -> None:
    cast = assemble()
    e164 = 447400123456
    demand_other_sign_in(e164, cast.account.id)
    set_phone(cast.alice, f"+{e164}", verified=True)
    assert sign_in_by(e164, cast.account.id) == "also"
    demand_other_sign_in(e164, cast.account.id)
    EmailAddress.objects.filter(user=cast.alice).update(verified=False)
    assert sign_in_by(e164, cast.account.id) == "only"
    with pytest.raises(FlowRefused, match="sign_in_needed"):
        demand_other_sign_in(e164, cast.account.id)
    demand_other_sign_in(e164, cast.other_account.id)  # a stranger stands in nobody's way

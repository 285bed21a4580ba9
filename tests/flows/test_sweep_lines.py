"""sweep_lines: what is due is done once, in order, and as one renewal would do it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from keepline.accounts.models import Account
from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.core.agenda import Step
from keepline.core.ids import derived_id, slot_of
from keepline.core.lifecycle.line import LineEvent as LineStep
from keepline.core.lifecycle.line import LineState
from keepline.flows import renew_line
from keepline.flows.audit_books import audit
from keepline.flows.hold_number import hold_number
from keepline.flows.sweep_lines import sweep
from keepline.flows.sweeping.renewing import _statement
from keepline.flows.sweeping.tables import parameters
from keepline.inventory import services as inventory
from keepline.inventory.holding import HOLD_FOR
from keepline.inventory.models import Number
from keepline.ledger.models import Transfer, Wallet
from keepline.lines import services as lines
from keepline.lines.due import Which
from keepline.lines.models import Extension, LineEvent, Validity
from keepline.lines.queries import events_of
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.slots.ids import new_id
from tests.cast import NOW, Cast, assemble, fill, line, plan
from tests.doubles import ScriptedNetwork
from tests.flows.acts import move_line, request, wallet
from tests.inventory import shelves
from tests.taxing import rate, taxes

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def renewing(**fields: Any) -> Cast:
    """A line that renews by itself and runs out today."""
    cast = assemble(line_fields={"valid_until": NOW}, **fields)
    switch_on(cast.line.id, NOW)
    return cast


def switch_on(line_id: UUID, due_at: datetime) -> None:
    Validity.objects.filter(id=line_id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=due_at
    )


def clock_of(cast: Cast) -> Validity:
    row: Validity = Validity.objects.by_id(cast.line.id)
    return row


def told(cast: Cast) -> list[str]:
    return list(
        Outbox.objects.filter(line_id=cast.line.id)
        .order_by("occurred_at", "id")
        .values_list("kind", flat=True)
    )


def test_a_line_is_renewed_from_the_wallet() -> None:
    cast = renewing()
    assert sweep(NOW) == {"renewed": 1}
    row = clock_of(cast)
    assert row.valid_until == datetime(
        2026, 4, 10, 11, 0, tzinfo=UTC
    )  # 12:00 stays 13:00 in Berlin
    assert (row.state, row.next_step) == ("active", Step.REMIND)
    assert row.next_action_at == row.valid_until - 14 * DAY
    assert wallet(cast) == (700, 0)
    assert told(cast) == ["line.renewed"]
    assert sweep(NOW) == {}


ROWS: dict[type, tuple[str, ...]] = {
    Order: ("id", "receipt_number", "channel", "actor"),
    Extension: ("id", "order_id"),
    Transfer: ("id", "order_id"),
    Outbox: ("id", "order_id"),
    Wallet: (),
    Validity: (),
    LineEvent: ("id", "order_id"),
}


def rows_of(cast: Cast, line_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Everything a renewal writes, less the ids that it makes up."""
    found = {}
    for model, made_up in ROWS.items():
        rows = list(model.objects.filter(slot=cast.account.slot).values())  # type: ignore[attr-defined]
        for row in rows:
            for name in made_up:
                row.pop(name)
        found[model.__name__] = sorted(rows, key=repr)
    return found


PLANS: list[dict[str, Any]] = [
    {},
    {"term": "P1D"},
    {"term": "P30D", "data_bytes": 5_000_000_000, "voice_seconds": None, "sms_count": 20},
    {"term": "P1Y", "tax_rate_ppm": 200_000},
    {"term": "P3M", "tax_rate_ppm": 190_000, "tax_inclusive": False, "data_bytes": None},
    {"price_minor": 0},
]
ENDS = [
    datetime(2026, 1, 31, 22, 30, tzinfo=UTC),
    datetime(2024, 2, 29, 9, 0, tzinfo=UTC),
    datetime(2026, 9, 25, 0, 30, tzinfo=UTC),  # one month on, 02:30 is there twice
    datetime(2026, 2, 28, 1, 30, tzinfo=UTC),  # one month and a day before a night without 02:30
    datetime(2026, 3, 28, 1, 30, tzinfo=UTC),
]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
@pytest.mark.parametrize("ends_at", ENDS, ids=str)
@pytest.mark.parametrize("fields", PLANS, ids=str)
def test_the_sweep_writes_what_one_renewal_writes(
    zone: str, ends_at: datetime, fields: dict[str, Any]
) -> None:
    cast = assemble(line_fields={"valid_until": ends_at, "time_zone": zone}, **fields)
    switch_on(cast.line.id, ends_at)
    for now in (ends_at - 3 * DAY, ends_at, ends_at + timedelta(minutes=30), ends_at + 2 * DAY):
        switch_on(cast.line.id, ends_at - 3 * DAY)
        alone = request(cast, use_wallet="only", actor="worker", channel="sweep")
        by_one = _rows_after(cast, partial(renew_line.start, alone, now))
        by_many = _rows_after(cast, partial(sweep, now))
        assert by_many == by_one
        assert by_one["Extension"] != []


RAISED = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
TAXES = {
    "DE": (rate(19, RAISED - 900 * DAY), rate(21, RAISED)),
    "AT": (rate(21, RAISED - 900 * DAY),),  # as another country, and in the end the same rate
    "US": (rate(7, RAISED - 900 * DAY, inclusive=False),),
    "KW": (rate(0, RAISED - 900 * DAY),),
}


@pytest.mark.parametrize("country", ["", "DE", "AT", "US", "KW", "FR"])
@pytest.mark.parametrize("fields", [PLANS[0], PLANS[4]], ids=str)
@pytest.mark.parametrize("whose", ["holder", "seller"])
def test_the_sweep_taxes_as_one_renewal_does(
    whose: Any, country: str, fields: dict[str, Any]
) -> None:
    cast = assemble(line_fields={"valid_until": RAISED}, **fields)
    Account.objects.filter(id=cast.account.id).update(country=country)
    told = []
    with taxes(whose, TAXES, "US"):
        for now in (RAISED - DAY, RAISED):
            switch_on(cast.line.id, RAISED - 3 * DAY)
            alone = request(cast, use_wallet="only", actor="worker", channel="sweep")
            by_one = _rows_after(cast, partial(renew_line.start, alone, now))
            assert _rows_after(cast, partial(sweep, now)) == by_one
            (order,) = [row for row in by_one["Order"] if row["kind"] == "renewal"]
            told.append((order["tax_country"], order["tax_rate_ppm"], order["tax_inclusive"]))
    own = ("", fields.get("tax_rate_ppm", 0), fields.get("tax_inclusive", True))
    by_seller = [("US", 70_000, False)] * 2
    by_country = {
        "DE": [("DE", 190_000, True), ("DE", 210_000, True)],
        "AT": [("AT", 210_000, True)] * 2,
        "US": by_seller,
        "KW": [("KW", 0, True)] * 2,
    }
    assert told == (by_seller if whose == "seller" else by_country.get(country, [own, own]))


def test_lines_of_one_batch_are_taxed_each_by_its_holders_country() -> None:
    casts = [
        assemble(line_fields={"valid_until": NOW}, suffix=country, code=f"plan-{country.lower()}")
        for country in ("DE", "US", "FR")
    ]
    for cast, country in zip(casts, ("DE", "US", "FR"), strict=True):
        Account.objects.filter(id=cast.account.id).update(country=country)
        switch_on(cast.line.id, NOW)
    with taxes("holder", TAXES):
        assert sweep(NOW) == {"renewed": 3}
    assert [wallet(cast) for cast in casts] == [(700, 0), (679, 0), (700, 0)]
    orders = [Order.objects.get(line_id=cast.line.id, kind="renewal") for cast in casts]
    assert [(o.tax_country, o.tax_minor) for o in orders] == [("DE", 52), ("US", 21), ("", 0)]


def _rows_after(cast: Cast, act: Callable[[], object]) -> dict[str, Any]:
    """The rows after `act`, which is then taken back."""
    point = transaction.savepoint()
    act()
    _ids_follow_from_the_order(cast)
    rows = rows_of(cast, cast.line.id)
    transaction.savepoint_rollback(point)
    return rows


def _ids_follow_from_the_order(cast: Cast) -> None:
    order = Order.objects.get(line_id=cast.line.id, kind="renewal")
    assert order.id.int >> 64 & 0xFFF == cast.account.slot
    extension = Extension.objects.get(order_id=order.id)
    assert extension.id == derived_id(order.id, "extension")
    sold = {row.id for row in Transfer.objects.filter(order_id=order.id)}
    assert sold <= {derived_id(order.id, "sale"), derived_id(order.id, "tax")}
    assert Outbox.objects.get(order_id=order.id).id == derived_id(order.id, "outbox:line.renewed")


def ends_after(ends_at: datetime, renewals: int, **fields: Any) -> list[str]:
    """Where one renewal after the other by the sweep alone leads, as wall time in Berlin."""
    cast = assemble(wallet_minor=10_000, line_fields={"valid_until": ends_at}, **fields)
    ends = []
    for _ in range(renewals):
        at = clock_of(cast).valid_until
        assert at is not None
        switch_on(cast.line.id, at)
        assert sweep(at)["renewed"] == 1
        end = clock_of(cast).valid_until
        assert end is not None
        ends.append(end.astimezone(ZoneInfo("Europe/Berlin")).strftime("%Y-%m-%d %H:%M"))
    return ends


def test_31_january_comes_back_in_march() -> None:
    assert ends_after(datetime(2026, 1, 31, 11, 0, tzinfo=UTC), 5) == [
        "2026-02-28 12:00",
        "2026-03-31 12:00",
        "2026-04-30 12:00",
        "2026-05-31 12:00",
        "2026-06-30 12:00",
    ]


def test_29_february_comes_back_in_the_next_leap_year() -> None:
    assert ends_after(datetime(2024, 2, 29, 11, 0, tzinfo=UTC), 5, term="P1Y") == [
        "2025-02-28 12:00",
        "2026-02-28 12:00",
        "2027-02-28 12:00",
        "2028-02-29 12:00",
        "2029-02-28 12:00",
    ]


def test_the_night_without_half_past_two() -> None:
    """29 March 2026: the clock goes from 02:00 to 03:00, and months find back to 02:30."""
    assert ends_after(datetime(2026, 1, 29, 1, 30, tzinfo=UTC), 3) == [
        "2026-02-28 02:30",
        "2026-03-29 03:30",
        "2026-04-29 02:30",
    ]


def test_the_night_with_two_half_past_twos() -> None:
    """25 October 2026: the first of the two, an hour and a month before the next."""
    cast = assemble(line_fields={"valid_until": datetime(2026, 9, 25, 0, 30, tzinfo=UTC)})
    switch_on(cast.line.id, datetime(2026, 9, 25, 0, 30, tzinfo=UTC))
    assert sweep(datetime(2026, 9, 25, 0, 30, tzinfo=UTC))["renewed"] == 1
    assert clock_of(cast).valid_until == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_lines_of_one_wallet_are_paid_in_the_order_in_which_they_were_due() -> None:
    cast = renewing(wallet_minor=650)
    second = line(cast.account, cast.plan, valid_until=NOW - timedelta(minutes=9))
    third = line(cast.account, cast.plan, valid_until=NOW)
    switch_on(second.id, NOW - timedelta(minutes=9))
    switch_on(third.id, NOW - timedelta(minutes=1))
    assert sweep(NOW) == {"renewed": 2, "short": 1, "expired": 1}
    ends = {row.id: row.valid_until for row in Validity.objects.all()}
    assert ends[cast.line.id] == NOW
    assert ends[second.id] > NOW
    assert ends[third.id] > NOW
    assert wallet(cast) == (50, 0)


def test_the_first_that_a_wallet_cannot_pay_ends_the_row_of_the_next_batches_too() -> None:
    """Or a cheap line would be renewed by the chance of where a batch ends."""
    cast = renewing(wallet_minor=450)
    cheap = plan("cheap", price_minor=10)
    dearer = line(cast.account, cast.plan, valid_until=NOW)
    last = [line(cast.account, cheap, valid_until=NOW) for _ in range(3)]
    other = assemble(line_fields={"valid_until": NOW}, suffix="-2", code="plan-2")
    for minutes, each in enumerate((cast.line, dearer, *last, other.line)):
        switch_on(each.id, NOW - timedelta(minutes=30 - minutes))
    assert sweep(NOW, batch=2) == {"renewed": 2, "short": 4, "expired": 4}
    assert wallet(cast) == (150, 0)
    assert wallet(other) == (700, 0)


def test_a_short_wallet_is_told_and_tried_again_as_the_policy_says() -> None:
    cast = assemble(wallet_minor=0, line_fields={"valid_until": NOW + 3 * DAY})
    switch_on(cast.line.id, NOW)
    seen = []
    now = NOW
    for _ in range(40):
        sweep(now)
        row = clock_of(cast)
        seen.append(((row.next_action_at - NOW).days, Step(row.next_step).name, row.state))
        now = row.next_action_at
        if row.state == "suspended":
            break
    assert seen == [
        (1, "RENEW", "active"),
        (2, "RENEW", "active"),
        (3, "RENEW", "active"),
        (4, "RENEW", "grace"),
        (6, "RENEW", "grace"),
        (8, "RENEW", "grace"),
        (10, "RENEW", "grace"),
        (33, "SUSPEND", "grace"),
        (79, "REMIND", "suspended"),
    ]
    assert told(cast) == [
        *["line.renewal_failed"] * 4,
        "line.expired",
        *["line.renewal_failed"] * 4,
        "line.suspended",
    ]
    fill(cast.wallet_id, 300)


def test_money_that_comes_in_grace_brings_the_line_back(network: ScriptedNetwork) -> None:
    cast = assemble(wallet_minor=0, line_fields={"valid_until": NOW - timedelta(hours=3)})
    switch_on(cast.line.id, NOW - timedelta(hours=3))
    sweep(NOW)
    assert clock_of(cast).state == "grace"
    fill(cast.wallet_id, 300)
    tomorrow = clock_of(cast).next_action_at
    assert tomorrow is not None
    assert sweep(tomorrow) == {"alone": 1, "renewed": 1}
    order = Order.objects.get(line_id=cast.line.id, kind="renewal")
    assert (order.state, order.delivery, order.channel) == ("in_progress", "network", "sweep")
    assert wallet(cast) == (300, 300)


def unpaid(**fields: Any) -> Cast:
    """A numbered line that nobody renews, ready for its year down."""
    cast = assemble(line_fields={"e164": 12025550143, "valid_until": NOW + 20 * DAY}, **fields)
    inventory.add_numbers([12025550143], NOW - 60 * DAY)
    inventory.assign(12025550143, cast.account.id, cast.line.id, NOW - 50 * DAY)
    Validity.objects.filter(id=cast.line.id).update(
        next_step=Step.REMIND, next_action_at=NOW + 6 * DAY
    )
    return cast


def test_the_way_down_of_a_line_that_nobody_renews() -> None:
    cast = unpaid()
    days = {}
    for day in range(400):
        now = NOW + day * DAY
        counts = sweep(now)
        if Outbox.objects.filter(kind="line.expired").exists():
            lines.note_warnings([cast.line.id], now)
        if counts:
            days[day] = dict(counts)
    expiry, withdrawal = 20, 20 + 30 + 60
    assert days == {
        **{expiry - before: {"reminded": 1} for before in (14, 7, 3, 1)},
        expiry: {"expired": 1},
        expiry + 7: {"reminded": 1},
        expiry + 30: {"grace_over": 1},
        **{withdrawal - before: {"reminded": 1} for before in (14, 7, 3, 1)},
        withdrawal: {"withdrawn": 1},
        withdrawal + 180: {"released": 1},
    }
    history = LineEvent.objects.filter(line_id=cast.line.id).order_by("occurred_at")
    assert [(row.source, row.event, row.target) for row in history] == [
        ("active", "expire", "grace"),
        ("grace", "suspend", "suspended"),
        ("suspended", "terminate", "terminated"),
    ]
    number = Number.objects.get(e164=12025550143)
    assert (number.state, number.account_id, number.line_id) == ("available", None, None)


def test_no_number_goes_without_a_delivered_notice() -> None:
    cast = unpaid()
    for day in range(130):
        sweep(NOW + day * DAY)
    assert clock_of(cast).state == "suspended"
    assert Number.objects.get(e164=12025550143).state == "assigned"
    assert told(cast)[-3:] == ["line.withdrawal_near"] * 3
    lines.note_warnings([cast.line.id], NOW + 130 * DAY)
    assert sweep(NOW + 131 * DAY) == {"withdrawn": 1}


def test_a_withdrawal_that_fell_into_our_outage_is_called_out_first() -> None:
    cast = unpaid()
    for day in range(51):
        sweep(NOW + day * DAY)
    lines.note_warnings([cast.line.id], NOW + 21 * DAY)
    back = NOW + 120 * DAY  # it should have gone on day 110
    assert sweep(back)["held"] == 1
    assert told(cast)[-1] == "line.withdrawal_near"
    lines.note_warnings([cast.line.id], back)
    assert sweep(back + DAY) == {"withdrawn": 1}


def test_a_paid_order_at_the_network_keeps_the_number() -> None:
    cast = unpaid()
    for day in range(109):
        sweep(NOW + day * DAY)
    last = NOW + 110 * DAY
    lines.note_warnings([cast.line.id], last - DAY)
    renew_line.start(request(cast, use_wallet="only"), last - timedelta(minutes=5))
    assert sweep(last)["under_way"] == 1
    assert clock_of(cast).state == "suspended"
    assert Number.objects.get(e164=12025550143).state == "assigned"


def test_history_keeps_its_order_where_machines_clocks_differ() -> None:
    """The machine that serves pages is three minutes ahead of the worker's."""
    cast = assemble(line_fields={"valid_until": NOW})
    Policy.objects.update(grace_service="full")
    catalog.forget()
    move_line(cast, LineStep.BLOCK, NOW + timedelta(minutes=2))
    move_line(cast, LineStep.UNBLOCK, NOW + timedelta(minutes=3))
    assert sweep(NOW) == {"expired": 1}
    renew_line.start(request(cast, use_wallet="only"), NOW + timedelta(minutes=1))
    assert [(each.event, each.target) for each in events_of(cast.line.id, 9)] == [
        ("renew", "active"),
        ("expire", "grace"),
        ("unblock", "active"),
        ("block", "blocked"),
    ]
    assert audit(NOW) == []


def test_the_clock_is_caught_up_in_order_after_an_outage() -> None:
    """A year away: nothing is skipped, and each phase lasts its whole length from now on."""
    cast = unpaid()
    back = NOW + 365 * DAY
    assert sweep(back) == {"passed_over": 1, "expired": 1}
    row = clock_of(cast)
    assert (row.state, row.since_at, row.next_action_at) == ("grace", back, back + 7 * DAY)
    assert told(cast) == ["line.expired"]
    assert sweep(back + 31 * DAY) == {"passed_over": 1, "grace_over": 1}
    assert clock_of(cast).state == "suspended"


def test_reminders_that_were_missed_are_sent_as_one() -> None:
    cast = unpaid()
    assert sweep(NOW + 18 * DAY) == {"passed_over": 1, "reminded": 1}
    assert told(cast) == ["line.expiry_near"]


def test_tries_that_were_missed_are_made_as_one() -> None:
    cast = assemble(wallet_minor=0, line_fields={"valid_until": NOW + 3 * DAY})
    switch_on(cast.line.id, NOW)
    assert sweep(NOW + 60 * timedelta(hours=1)) == {"short": 1}
    assert told(cast) == ["line.renewal_failed"]
    assert clock_of(cast).next_action_at == NOW + 3 * DAY


def test_switched_off_a_second_before_is_respected() -> None:
    cast = renewing()
    with transaction.atomic():
        locked = lines.lock_line(cast.line.id, cast.account.id)
        lines.set_auto_renew(
            locked,
            enabled=False,
            plan_id=cast.plan.id,
            lead_days=None,
            now=NOW - timedelta(seconds=1),
        )
    assert sweep(NOW) == {"expired": 1}
    assert wallet(cast) == (1000, 0)


def in_checkout(cast: Cast) -> None:
    asked = request(cast, provider="sandbox", use_wallet="none")
    renew_line.start(asked, NOW - timedelta(minutes=1))


def test_a_line_with_an_order_under_way_is_left_alone() -> None:
    cast = assemble(wallet_minor=900, line_fields={"valid_until": NOW + DAY})
    in_checkout(cast)
    switch_on(cast.line.id, NOW)
    assert sweep(NOW) == {"under_way": 1}
    assert clock_of(cast).next_action_at == NOW + timedelta(minutes=15)


def test_an_order_under_way_does_not_keep_a_line_from_running_out() -> None:
    """Or whoever opens one checkout after the other would never pay."""
    cast = renewing(wallet_minor=900)
    in_checkout(cast)
    switch_on(cast.line.id, NOW)
    assert sweep(NOW) == {"under_way": 1, "expired": 1}


def test_a_line_alone_is_left_alone_too_while_an_order_is_under_way() -> None:
    cast = assemble(wallet_minor=900, line_fields={"valid_until": NOW + DAY}, delivery="network")
    in_checkout(cast)
    Validity.objects.filter(id=cast.line.id).update(
        auto_renew=True, next_step=Step.RENEW_ALONE, next_action_at=NOW
    )
    assert sweep(NOW) == {"under_way": 1}
    assert wallet(cast) == (900, 0)


def test_a_plan_that_became_dearer_asks_first() -> None:
    cast = renewing()
    cast.plan.sold_until_at = NOW - DAY
    cast.plan.save()
    plan(cast.plan.code, version=2, price_minor=301)
    assert sweep(NOW) == {"consent": 1, "expired": 1}
    assert "line.consent_needed" in told(cast)
    assert wallet(cast) == (1000, 0)


@pytest.mark.parametrize(
    "less",
    [{"term": "P30D"}, {"term": "P2W", "price_minor": 100}, {"data_bytes": 4}, {"sms_count": 9}],
    ids=str,
)
def test_a_plan_that_gives_less_asks_first(less: dict[str, Any]) -> None:
    """At the same price, or for less: half a month for the same money is twice as dear."""
    cast = renewing(data_bytes=5, sms_count=None)
    cast.plan.sold_until_at = NOW - DAY
    cast.plan.save()
    plan(cast.plan.code, version=2, **({"data_bytes": 5, "sms_count": None} | less))
    assert sweep(NOW) == {"consent": 1, "expired": 1}
    assert "line.consent_needed" in told(cast)
    assert wallet(cast) == (1000, 0)


def test_a_plan_that_became_cheaper_does_not() -> None:
    cast = renewing()
    cast.plan.sold_until_at = NOW - DAY
    cast.plan.save()
    newer = plan(cast.plan.code, version=2, price_minor=250, data_bytes=7, sms_count=None)
    assert sweep(NOW) == {"renewed": 1}
    assert wallet(cast) == (750, 0)
    assert clock_of(cast).plan_id == newer.id


def test_two_renewals_in_one_second_are_two_terms() -> None:
    cast = renewing()
    sweep(NOW)
    renew_line.start(request(cast, use_wallet="only"), NOW)
    row = clock_of(cast)
    assert row.valid_until == datetime(2026, 5, 10, 11, 0, tzinfo=UTC)
    assert wallet(cast) == (400, 0)


@pytest.mark.books_broken
def test_a_line_that_spoils_its_batch_stands_alone() -> None:
    """A period that was given already refuses the whole statement; the others go on without it."""
    cast = assemble(line_fields={"valid_until": NOW + DAY})
    other = line(cast.account, cast.plan, valid_until=NOW + DAY)
    for each in (cast.line, other):
        switch_on(each.id, NOW)
    order = Order.objects.get(line_id=cast.line.id)
    first = Extension.objects.get(order_id=order.id)
    Extension.objects.create(
        slot=first.slot,
        id=derived_id(first.id, "spoilt"),
        line_id=first.line_id,
        order_id=order.id,
        plan_id=first.plan_id,
        period_start=NOW + DAY,
        period_end=NOW + DAY + timedelta(seconds=1),
        anchor_at=NOW,
        anchor_count=0,
        granted_at=NOW,
    )
    counts = sweep(NOW)
    assert counts["renewed"] == 1
    assert counts["failed"] == 1
    assert Validity.objects.by_id(other.id).valid_until > NOW + DAY
    assert clock_of(cast).next_action_at == NOW + timedelta(hours=1)
    sweep(NOW + DAY)
    sweep(NOW + DAY)  # a try that fails for ever does not hold the clock
    assert clock_of(cast).state == "grace"


def test_a_zone_that_the_database_does_not_know_stops_nobody_else() -> None:
    cast = assemble(line_fields={"valid_until": NOW + DAY, "time_zone": "Nowhere/At_All"})
    other = line(cast.account, cast.plan, valid_until=NOW + DAY)
    third = line(cast.account, cast.plan, valid_until=NOW)
    for each in (cast.line, other):
        switch_on(each.id, NOW)
    counts = sweep(NOW)
    assert (counts["renewed"], counts["failed"], counts["expired"]) == (1, 1, 1)
    assert Validity.objects.by_id(third.id).state == "grace"


@pytest.mark.books_broken
def test_a_line_whose_policy_is_gone_stops_nobody_else() -> None:
    cast = assemble(line_fields={"valid_until": NOW})
    line(cast.account, cast.plan, valid_until=NOW)
    Validity.objects.filter(id=cast.line.id).update(policy_id=4711)
    counts = sweep(NOW)
    assert counts["expired"] == 1
    assert Validity.objects.filter(state="grace").count() == 1


def test_due_lines_are_found_by_their_index() -> None:
    renewing()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for clock, index in (("0", "validity_due"), ("7", "validity_due_by_test_clock")):
            whose = f"clock_id = {clock}" + (" AND clock_id <> 0" if clock != "0" else "")
            cursor.execute(
                "EXPLAIN SELECT id FROM lines_validity WHERE next_step = 1"
                f" AND next_action_at <= '2026-01-01' AND {whose}"
                " ORDER BY next_action_at LIMIT 10"
            )
            explained = "\n".join(row[0] for row in cursor.fetchall())
            assert f"using {index} " in explained, explained
            assert "Sort" not in explained


def test_a_batch_is_read_by_its_keys_and_expected_whole() -> None:
    """By what is due, every batch would read all that is due; and expected as one line, every
    line be compared with every wallet (docs/decisions/0015)."""
    renewing()
    ids = [new_id(number % 256) for number in range(1000)]
    params = {
        "now": NOW,
        "ended": None,
        "due_slots": [slot_of(line_id) for line_id in ids],
        "due_ids": ids,
        **Which().params(),
        **parameters(NOW),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN (FORMAT JSON) " + _statement(Which().whose, by_holder=False), params
        )
        plan = cursor.fetchone()[0][0]["Plan"]
    due = next(each for each in plan["Plans"] if each.get("Subplan Name") == "CTE due")
    assert due["Plan Rows"] == len(ids)
    assert "lines_validity_pkey" in str(due)
    assert "validity_due" not in str(due)


def test_an_idle_look_is_a_handful_of_statements(
    django_assert_max_num_queries: Any,
) -> None:
    assemble()
    sweep(NOW)
    with django_assert_max_num_queries(24):
        assert sweep(NOW) == {}


def test_states_of_another_kind_stay_as_they_are() -> None:
    cast = assemble(line_fields={"state": LineState.BLOCKED})
    Validity.objects.filter(id=cast.line.id).update(next_step=None, next_action_at=None)
    assert sweep(NOW + 400 * DAY) == {}


def test_what_nobody_bought_in_time_is_on_the_shelf_again() -> None:
    cast = assemble()
    shelf = shelves.pool()
    shelves.numbers(shelf, 2)
    hold_number(cast.account.id, [shelf.id], None, NOW)
    assert sweep(NOW + HOLD_FOR - timedelta(seconds=1))["put_back"] == 0
    assert sweep(NOW + HOLD_FOR)["put_back"] == 1
    assert Number.objects.filter(state="available").count() == 2

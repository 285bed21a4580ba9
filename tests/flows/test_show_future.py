"""show_future: what it says is what the sweep then does, in every week; and it writes nothing."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import InternalError, connection, transaction

from keepline.accounts.models import Account
from keepline.catalog import queries as catalog
from keepline.catalog.models import PlanPrice, Policy
from keepline.catalog.reading import read_policy
from keepline.core.agenda import Due, Step, agenda, first_due
from keepline.core.ids import derived_id
from keepline.core.lifecycle.line import LineState
from keepline.flows.attach_clock import attach_clock
from keepline.flows.foreseeing.reading import one_instant
from keepline.flows.go_live import go_live
from keepline.flows.move_clock import move_clock
from keepline.flows.open_clock import open_clock
from keepline.flows.show_future import FutureRequest, FutureView, edges_of, show_future
from keepline.flows.sweep_lines import sweep
from keepline.inventory import services as inventory
from keepline.inventory.models import Number
from keepline.lines.models import LineEvent, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from tests.cast import account, line, person, plan

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "UTC"]
NAMES = {
    "renewed": "renewed",
    "short": "short",
    "consent": "consent",
    "reminded": "reminded",
    "expired": "expired",
    "grace_over": "suspended",
    "withdrawn": "withdrawn",
    "released": "released",
}


@pytest.fixture(autouse=True)
def fresh_tables() -> Iterator[None]:
    catalog.forget()
    yield
    catalog.forget()


def policy(code: str, **fields: Any) -> Policy:
    values: dict[str, Any] = {
        "version": 1,
        "grace_days": 30,
        "suspended_days": 60,
        "reclaim_days": 40,
        "quarantine_days": 50,
        "grace_rule": "from_payment",
        "grace_service": "full",
        "notice_required": False,
        "since_at": NOW,
    }
    return Policy.objects.create(code=code, **(values | fields))


def catalogue() -> list[Any]:
    usual = policy("usual")
    short = policy(
        "short",
        grace_days=5,
        suspended_days=9,
        grace_rule="from_expiry",
        retry_days=[-4, -1, 0, 2, 4],
        remind_before_expiry_days=[9, 3, 2],
        remind_after_expiry_days=[1, 3],
        remind_before_withdrawal_days=[11, 2],
    )
    shared: dict[str, Any] = {"delivery": "ledger"}
    plans = [
        plan("month", policy=usual, **shared),
        plan("days", policy=short, term="P10D", price_minor=120, **shared),
        plan("day", policy=usual, term="P1D", price_minor=11, **shared),
        plan("quarter", policy=short, term="P3M", price_minor=700, tax_rate_ppm=200_000, **shared),
        plan("dearer", policy=usual, sold_until_at=NOW, **shared),
        plan("cheaper", policy=short, sold_until_at=NOW, **shared),
    ]
    plan("dearer", version=2, policy=usual, price_minor=301)
    plan("cheaper", version=2, policy=usual, price_minor=210, term="P1M")
    for one in plans:
        PlanPrice.objects.create(plan=one, currency="EUR", price_minor=250)
    catalog.forget()
    return plans


@transaction.atomic
def base(seed: int, accounts: int) -> None:
    """Accounts with one to four lines that share a wallet; some of it overdue already."""
    dice, plans = random.Random(seed), catalogue()
    e164 = 12025550000
    for index in range(accounts):
        owner = account(
            person(f"p{seed}-{index}"),
            dice.choice(["USD", "EUR"]),
            dice.choice([0, 300, 900, 2500, 20_000]),
        )
        for _ in range(dice.choice([1, 1, 2, 4])):
            e164 += 1
            _line(dice, owner, dice.choice(plans), e164)


def _line(dice: random.Random, owner: Any, sold: Any, e164: int) -> None:
    state = dice.choice([LineState.ACTIVE] * 6 + [LineState.GRACE, LineState.SUSPENDED])
    hours = dice.choice([24 * dice.randrange(0, 30), dice.randrange(-100, 900)])
    until = NOW + timedelta(hours=hours)
    if state != LineState.ACTIVE:
        until = NOW - dice.randrange(1, 4) * DAY
    made = line(
        owner, sold, state=state, valid_until=until, e164=e164, time_zone=dice.choice(ZONES)
    )
    inventory.add_numbers([e164], NOW - 50 * DAY)
    inventory.assign(e164, owner.id, made.id, NOW - 40 * DAY)
    auto, lead = dice.random() < 0.7, dice.choice([None, None, 0, 1, 3])
    since = None if state == LineState.ACTIVE else until
    entries = agenda(catalog.policy_values(sold.policy_id).agenda, state, auto, lead)
    # Planned some days ago: what has become due since then is overdue.
    due = first_due(entries, since or until, NOW - dice.choice([0, 0, 0, 2, 9]) * DAY)
    assert isinstance(due, Due)
    Validity.objects.filter(id=made.id).update(
        auto_renew=auto,
        lead_days=lead,
        since_at=since,
        next_step=due.step,
        next_action_at=due.at,
    )


def next_instant() -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least((SELECT min(next_action_at) FROM lines_validity),"
            " (SELECT min(until_at) FROM inventory_number WHERE state = 'quarantine'))"
        )
        found: datetime | None = cursor.fetchone()[0]
    return found


def really(edges: list[datetime], act: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """The sweep at every instant at which something is due; what it did in each bucket."""
    done: list[Counter[str]] = [Counter() for _ in edges[1:]]
    states: list[dict[str, int]] = []
    act()
    now = NOW
    for place, until in enumerate(edges[1:]):
        while now < until:
            done[place] += sweep(now)
            due = next_instant()
            now = max(NOW, due) if due else edges[-1]
            assert due is None or due > edges[0] or done[place], "it stands still"
        rows = Validity.objects.values_list("state", flat=True)
        states.append(dict(Counter(rows)))
    assert not any(counts["failed"] or counts["held"] for counts in done)
    found: dict[str, Any] = {
        name: [counts[said] for counts in done] for said, name in NAMES.items()
    }
    for currency in ("USD", "EUR"):
        found[currency] = [
            sum(
                order.total_minor
                for order in Order.objects.filter(
                    channel="sweep", currency=currency, accepted_at__gte=begin, accepted_at__lt=end
                )
            )
            for begin, end in pairwise(edges)
        ]
    found["states"] = states
    return found


def foretold(view: FutureView) -> dict[str, Any]:
    """The same, of the simulation."""
    figures = view.today
    nothing = [0] * (len(figures.edges) - 1)
    found: dict[str, Any] = {name: list(figures.counts[name]) for name in NAMES.values()}
    for currency in ("USD", "EUR"):
        found[currency] = list(figures.taken.get(currency, nothing))
    ended = [0] * len(nothing)
    total = 0
    for place, count in enumerate(figures.counts["withdrawn"]):
        total += count
        ended[place] = total
    found["states"] = [
        {
            name: count
            for name, count in {
                "active": figures.states["active"][place],
                "grace": figures.states["grace"][place],
                "suspended": figures.states["suspension"][place],
                "terminated": ended[place],
            }.items()
            if count
        }
        for place in range(len(nothing))
    ]
    return found


def agrees(days: int, **asked: Any) -> dict[str, Any]:
    view = show_future(FutureRequest(days=days, **asked), NOW)
    edges = edges_of(NOW, days, "week")
    wakes = (lambda: go_live("test", NOW)) if asked.get("go_live") else (lambda: None)
    told, was = foretold(view), really(edges, wakes)  # type: ignore[arg-type]
    assert told == was
    return told


@pytest.mark.parametrize("seed", range(4))
def test_forty_days_are_those_of_the_sweep(seed: int) -> None:
    base(seed, accounts=8)
    told = agrees(40)
    assert sum(told["renewed"]) > 10
    assert sum(told["reminded"]) > 10


def told_along() -> int:
    """Reminders that are still to come, and of which a letter has told already."""
    ahead = Validity.objects.filter(next_step=Step.REMIND)
    ids = [
        derived_id(row.id, f"outbox:{kind}:{int(row.next_action_at.timestamp())}")
        for row in ahead
        for kind in ("line.expiry_near", "line.withdrawal_near")
    ]
    return int(Outbox.objects.filter(id__in=ids).count())


def test_days_on_a_test_clock_are_those_of_the_simulation() -> None:
    """But for reminders that were told along with the first of the day, before their hour."""
    base(21, accounts=8)
    told = show_future(FutureRequest(days=45), NOW).today
    open_clock("spring", NOW, "cli", NOW)
    for account_id in Account.objects.values_list("id", flat=True):
        attach_clock("spring", account_id, "cli", NOW)
    move_clock("spring", 45 * DAY - timedelta(seconds=1), "cli", NOW, lambda _clock, _at: 0)
    kinds = Counter(Outbox.objects.values_list("kind", flat=True))
    events = Counter(LineEvent.objects.values_list("event", flat=True))
    renewals = Order.objects.filter(kind="renewal")
    was = {
        "renewed": renewals.count(),
        "short": kinds["line.renewal_failed"],
        "consent": kinds["line.consent_needed"],
        "reminded": kinds["line.expiry_near"] + kinds["line.withdrawal_near"] - told_along(),
        "expired": events["expire"],
        "suspended": events["suspend"],
        "withdrawn": events["terminate"],
        "released": Number.objects.filter(state="available").count(),
    }
    assert {name: told.total(name) for name in was} == was
    assert min(was["renewed"], was["short"], was["suspended"], was["withdrawn"]) > 0
    money = Counter[str]()
    for order in renewals:
        money[order.currency] += order.total_minor
    assert {currency: sum(values) for currency, values in told.taken.items()} == money


@pytest.mark.slow
def test_a_year_is_that_of_the_sweep() -> None:
    """Nights with 23 and 25 hours, months of every length, numbers withdrawn and free again."""
    base(7, accounts=9)
    told = agrees(365)
    for name in ("renewed", "short", "consent", "reminded", "expired", "suspended", "withdrawn"):
        assert sum(told[name]) > 0, name
    assert sum(told["released"]) > 0


def test_imported_lines_wake_first() -> None:
    base(11, accounts=5)
    Validity.objects.filter(state="active").update(
        dormant=True, next_step=None, next_action_at=None
    )
    asleep = show_future(FutureRequest(days=40), NOW)
    assert asleep.sleeping > 0
    told = agrees(40, go_live=True)
    # The past-due ones were put into grace by go-live, not by the clock.
    assert sum(told["reminded"]) > asleep.today.total("reminded")


@transaction.atomic
def one_line(**fields: Any) -> None:
    """A line that nobody renews, three days before its end."""
    owner = account(person("ann"), wallet_minor=500)
    made = line(owner, plan(policy=policy("usual")), valid_until=NOW + 3 * DAY, **fields)
    Validity.objects.filter(id=made.id).update(next_step=Step.REMIND, next_action_at=NOW + 2 * DAY)


PROPOSED = """
[policy]
code = "{code}"
grace_days = {grace}
suspended_days = 60
reclaim_days = 40
quarantine_days = 50
grace_rule = "from_payment"
source = "https://example.com/rules"
"""


def proposed(code: str = "usual", grace: int = 10) -> dict[str, Any]:
    return read_policy("proposed", PROPOSED.format(code=code, grace=grace))


def test_a_proposed_policy_stands_beside_todays() -> None:
    one_line()
    view = show_future(FutureRequest(days=70, policy=proposed()), NOW)
    assert view.proposed is not None
    assert view.impact is not None
    suspended = [
        next(week for week, count in enumerate(each.counts["suspended"]) if count)
        for each in (view.today, view.proposed)
    ]
    assert suspended == [(3 + 30) // 7, (3 + 10) // 7]
    assert view.governed == ("usual",)
    assert (view.impact.lines_governed, view.impact.lines_affected) == (1, 1)
    assert view.impact.accounts_affected == 1


def test_the_same_policy_affects_nobody() -> None:
    one_line()
    view = show_future(FutureRequest(days=365, policy=proposed(grace=30)), NOW)
    assert view.impact is not None
    assert view.impact.lines_affected == 0
    assert view.proposed == view.today


def test_a_code_that_is_unknown_stands_in_for_all() -> None:
    one_line()
    view = show_future(FutureRequest(days=70, policy=proposed(code="another")), NOW)
    assert view.governed == ("usual",)


def test_a_share_of_holders_pays_by_hand() -> None:
    one_line()
    nobody = show_future(FutureRequest(days=70), NOW).today
    assert (nobody.total("expired"), nobody.total("renewed_by_hand")) == (1, 0)
    everybody = show_future(FutureRequest(days=70, by_hand_percent=100), NOW).today
    assert (everybody.total("expired"), everybody.total("renewed_by_hand")) == (0, 3)
    assert sum(everybody.by_hand["USD"]) == 900
    assert everybody.taken == {}


def test_nothing_is_written_and_nothing_can_be() -> None:
    base(3, accounts=3)
    tables = ("lines_validity", "ledger_wallet", "orders_order", "messages_outbox")

    def stamps() -> list[Any]:
        found = []
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"SELECT xmin::text, ctid::text FROM {table} ORDER BY 2")
                found.append(cursor.fetchall())
        return found

    before = stamps()
    show_future(FutureRequest(policy=proposed()), NOW)
    assert stamps() == before
    with pytest.raises(InternalError, match="read-only"), one_instant():
        Validity.objects.update(next_step=None)


def test_months_are_those_of_the_calendar() -> None:
    one_line()
    view = show_future(FutureRequest(days=60, by="month"), NOW)
    assert [(edge.month, edge.day) for edge in view.today.edges] == [
        (3, 10),
        (4, 1),
        (5, 1),
        (5, 9),
    ]
    assert view.today.counts["expired"] == [1, 0, 0]


@pytest.mark.parametrize("fields", [{"days": 0}, {"days": 9999}, {"by_hand_percent": 101}])
def test_what_cannot_be_asked(fields: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="days"):
        show_future(FutureRequest(**fields), NOW)


def test_an_empty_base_has_a_future_too() -> None:
    view = show_future(FutureRequest(days=30, policy=proposed()), NOW)
    assert view.today.lines == 0
    assert view.today.total("renewed") == 0

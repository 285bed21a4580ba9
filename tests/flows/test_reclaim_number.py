"""reclaim_number: the last holder has the number back, once; everybody else hears nothing."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from keepline.audit.models import AuditEvent
from keepline.core.agenda import Step
from keepline.core.lifecycle.line import LineState
from keepline.core.postings import HouseCode, TransferCode, house_account_id
from keepline.flows import reclaim_number, renew_line
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit, invariants
from keepline.flows.errors import FlowRefused
from keepline.flows.reclaim_number import ReclaimRequest, reclaim
from keepline.flows.sweep_lines import sweep
from keepline.inventory import services as inventory
from keepline.inventory.models import CardHolding, Number, OwnershipPeriod
from keepline.ledger.models import Transfer
from keepline.lines import services as lines
from keepline.lines.models import Line, LineEvent, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order, RequestKey
from keepline.slots.ids import new_id
from tests import cast as stage
from tests.cast import NOW, Cast, assemble
from tests.doubles import ScriptedNetwork
from tests.flows.acts import let_go, request, wallet
from tests.flows.at_once import at_once, deadlocks
from tests.inventory import shelves

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
E164 = 12025550143
FEE = 500
ICCID = "8949000000000000006"


def withdrawn(fee: dict[str, int] | None = None, **fields: Any) -> Cast:
    """A line that nobody renewed: withdrawn at NOW by the sweep, its number resting."""
    facts = {"iccid": ICCID, "label": "Mother's", "valid_until": NOW - 90 * DAY}
    cast = assemble(line_fields={"state": LineState.SUSPENDED, **facts}, **fields)
    inventory.enter_card(ICCID, cast.line.id)
    let_go(cast, E164, {"USD": FEE} if fee is None else fee)
    return cast


def wanted(cast: Cast, **changes: Any) -> ReclaimRequest:
    values: dict[str, Any] = {
        "account_id": cast.account.id,
        "line_id": cast.line.id,
        "key": "reclaim-0001",
        "expected_fee_minor": None,
        "actor": "user:1",
        "channel": "portal",
    }
    return ReclaimRequest(**(values | changes))


def number() -> Number:
    found: Number = Number.objects.get(e164=E164)
    return found


def written() -> tuple[object, ...]:
    models = (Order, Transfer, RequestKey, Line, LineEvent, OwnershipPeriod, Outbox, AuditEvent)
    return tuple(model.objects.count() for model in models)


def refusal(asked: ReclaimRequest, now: Any) -> tuple[str, dict[str, object]]:
    before = written()
    with pytest.raises(FlowRefused) as refused:
        reclaim(asked, now)
    assert written() == before
    return refused.value.code, refused.value.facts


def test_the_number_comes_back_on_a_line_that_waits_to_be_renewed() -> None:
    cast = withdrawn()
    later = NOW + 119 * DAY
    started = reclaim(wanted(cast), later)
    order: Order = started.order
    assert (order.kind, order.state, order.total_minor, order.wallet_minor) == (
        *("reclaim", "completed"),
        *(FEE, FEE),
    )
    successor = Line.objects.by_id(order.served_line)
    assert (successor.account_id, successor.e164, successor.iccid) == (
        *(cast.account.id, E164),
        ICCID,
    )
    assert (successor.label, successor.kind, successor.opened_at) == (
        *("Mother's", cast.line.kind),
        later,
    )
    row, old = Validity.objects.by_id(successor.id), Validity.objects.by_id(cast.line.id)
    assert (row.state, row.valid_until, row.since_at, row.auto_renew) == (
        *("suspended", None),
        *(later, False),
    )
    assert (row.plan_id, row.policy_id, row.wallet_id, row.time_zone) == (
        *(old.plan_id, old.policy_id),
        *(old.wallet_id, old.time_zone),
    )
    assert (row.next_step, row.next_action_at) == (Step.REMIND, later + 46 * DAY)
    assert old.state == "terminated"
    assert CardHolding.objects.get(iccid=ICCID).line_id == successor.id
    event = LineEvent.objects.get(line_id=successor.id)
    assert (event.source, event.event, event.target) == ("reserved", "reclaim", "suspended")
    assert Outbox.objects.get(kind="number.reclaimed").order_id == order.id
    assert AuditEvent.objects.get(action=reclaim_number.ACTION).subject_id == successor.id


def test_the_holders_times_with_the_number_follow_each_other() -> None:
    cast = withdrawn()
    order = reclaim(wanted(cast), NOW + DAY).order
    held = number()
    assert (held.state, held.account_id, held.line_id) == (
        *("assigned", cast.account.id),
        order.line_id,
    )
    assert (held.until_at, held.reclaim_until) == (None, None)
    first, second = OwnershipPeriod.objects.order_by("begins_at")
    assert (first.ends_at, second.follows_at, second.begins_at) == (NOW, NOW, NOW + DAY)
    assert (second.ends_at, second.line_id) == (None, order.line_id)


def test_a_clock_that_is_a_little_behind_the_sweeps_overlaps_nothing() -> None:
    cast = withdrawn()
    reclaim(wanted(cast), NOW - timedelta(seconds=2))
    assert OwnershipPeriod.objects.get(ends_at=None).begins_at == NOW


def test_the_fee_is_earned_at_once() -> None:
    cast = withdrawn()
    order = reclaim(wanted(cast, expected_fee_minor=FEE), NOW).order
    moved = Transfer.objects.get(order_id=order.id)
    assert (moved.debit_id, moved.amount_minor, moved.code) == (
        *(cast.wallet_id, FEE),
        TransferCode.FEE,
    )
    assert moved.credit_id == house_account_id(HouseCode.REVENUE, "USD")
    assert wallet(cast) == (500, 0)


@pytest.mark.parametrize("fee", [{}, {"USD": 0}, {"EUR": 700}])
def test_without_a_fee_nothing_is_taken(fee: dict[str, int]) -> None:
    cast = withdrawn(fee, wallet_minor=0)
    order = reclaim(wanted(cast, expected_fee_minor=0), NOW).order
    assert (order.state, order.total_minor) == ("completed", 0)
    assert not Transfer.objects.filter(order_id=order.id).exists()
    assert number().state == "assigned"


def test_the_holder_then_renews_it_as_any_suspended_line(network: ScriptedNetwork) -> None:
    cast = withdrawn()
    order = reclaim(wanted(cast), NOW).order
    renewal = renew_line.start(request(cast, line_id=order.line_id, use_wallet="only"), NOW + DAY)
    assert renewal.order.delivery == "network"
    advance(renewal.order_id, "en", NOW + DAY)
    row = Validity.objects.by_id(order.served_line)
    assert (row.state, row.since_at) == ("active", None)
    assert row.valid_until is not None
    assert row.valid_until > NOW + 29 * DAY
    assert wallet(cast) == (200, 0)


def test_the_same_key_is_one_effect() -> None:
    cast = withdrawn()
    first = reclaim(wanted(cast), NOW)
    before = written()
    again = reclaim(wanted(cast), NOW + 200 * DAY)
    assert (again.order_id, again.first, written()) == (first.order_id, False, before)
    assert refusal(wanted(cast, expected_fee_minor=7), NOW) == ("key_reused", {})


def _released(cast: Cast) -> None:
    assert shelves.release_rested(NOW + 180 * DAY) == 1


def _somebody_elses(cast: Cast) -> None:
    _released(cast)
    theirs = stage.line(cast.other_account, cast.plan, e164=E164)
    inventory.assign(E164, cast.other_account.id, theirs.id, NOW + 181 * DAY)


def _resting_after_somebody_else(cast: Cast) -> None:
    _somebody_elses(cast)
    inventory.lock_numbers([E164])
    resting = inventory.Withdrawal(E164, NOW + 400 * DAY, NOW + 300 * DAY)
    inventory.withdraw_all([resting], NOW + 182 * DAY)
    theirs = Validity.objects.filter(account_id=cast.other_account.id)
    theirs.update(state="terminated", next_step=None, next_action_at=None)


LOOKS = 4  # the key, the account's clock, the line's number, the number as it stands
REFUSED: dict[str, tuple[Any, Any, Any]] = {
    "a stranger": (None, {"account_id": "other"}, NOW),
    "a stranger who knows the line that nobody has": (None, {"line_id": new_id(9)}, NOW),
    "an unknown line": (None, {"line_id": "unknown"}, NOW),
    "too late": (None, {}, NOW + 120 * DAY),
    "long too late": (None, {}, NOW + 10_000 * DAY),
    "released": (_released, {}, NOW + DAY),
    "somebody else's": (_somebody_elses, {}, NOW + DAY),
    "resting after somebody else": (_resting_after_somebody_else, {}, NOW + 183 * DAY),
    "a line that lives": (None, {"line_id": "living"}, NOW),
    "a data line": (None, {"line_id": "data"}, NOW),
}


@pytest.mark.parametrize("case", REFUSED)
def test_everybody_else_hears_the_same(case: str) -> None:
    cast = withdrawn()
    prepare, changes, now = REFUSED[case]
    if prepare:
        with transaction.atomic():
            prepare(cast)
    told: dict[str, Any] = {
        "other": cast.other_account.id,
        "unknown": new_id(cast.account.slot),
        "living": stage.line(cast.account, cast.plan).id,
        "data": stage.line(cast.account, cast.plan, state=LineState.TERMINATED).id,
    }
    asked = wanted(cast, **{name: told.get(value, value) for name, value in changes.items()})
    assert refusal(asked, now) == ("not_found", {})


@pytest.mark.parametrize(
    "case", ["too late", "released", "somebody else's", "resting after somebody else"]
)
def test_a_former_holder_learns_nothing_from_how_long_it_takes(case: str) -> None:
    """Whatever became of the number, the same is asked of the database, and no lock waited for."""
    cast = withdrawn()
    prepare, _, now = REFUSED[case]
    if prepare:
        with transaction.atomic():
            prepare(cast)
    with CaptureQueriesContext(connection) as asked, pytest.raises(FlowRefused, match="not_found"):
        reclaim(wanted(cast), now)
    statements = [each["sql"] for each in asked if "SAVEPOINT" not in each["sql"]]
    assert len(statements) == LOOKS
    assert not [each for each in statements if "inventory_number" in each and "FOR" in each]


def test_had_back_already() -> None:
    cast = withdrawn()
    reclaim(wanted(cast), NOW)
    assert refusal(wanted(cast, key="reclaim-0002"), NOW) == ("not_found", {})


def test_a_wallet_that_is_too_empty() -> None:
    cast = withdrawn(wallet_minor=FEE - 1)
    assert refusal(wanted(cast), NOW) == ("wallet_short", {})
    stage.fill(cast.wallet_id, 1)
    reclaim(wanted(cast), NOW)  # the refusal has not used the key up
    assert wallet(cast) == (0, 0)


def test_another_fee_than_the_holder_saw() -> None:
    cast = withdrawn()
    assert refusal(wanted(cast, expected_fee_minor=1), NOW) == (
        "price_changed",
        {"total_minor": FEE},
    )
    other = wanted(cast, expected_fee_minor=FEE, expected_currency="EUR")
    assert refusal(other, NOW)[0] == "price_changed"


def test_a_card_that_serves_another_line_by_now_stays_there() -> None:
    cast = withdrawn()
    other = stage.line(cast.account, cast.plan)
    CardHolding.objects.update(line_id=other.id)
    order = reclaim(wanted(cast), NOW).order
    assert Line.objects.by_id(order.served_line).iccid is None
    assert CardHolding.objects.get().line_id == other.id


def test_unrenewed_it_is_withdrawn_again_and_can_be_had_back_again() -> None:
    cast = withdrawn()
    first = reclaim(wanted(cast), NOW + 10 * DAY).order
    counts: dict[int, dict[str, int]] = {}
    for day in range(10, 75):
        if found := sweep(NOW + day * DAY):
            counts[day] = dict(found)
        if day == 60:
            lines.note_warnings([first.served_line], NOW + day * DAY)
    assert counts == {**{day: {"reminded": 1} for day in (56, 63, 67, 69)}, 70: {"withdrawn": 1}}
    assert (number().state, number().line_id) == ("quarantine", first.line_id)
    again = wanted(cast, key="reclaim-0002", line_id=first.line_id)
    assert refusal(wanted(cast, key="reclaim-0003"), NOW + 75 * DAY) == ("not_found", {})
    assert reclaim(again, NOW + 75 * DAY).order.state == "completed"
    assert wallet(cast) == (0, 0)


def test_without_a_delivered_notice_it_is_not_withdrawn_again() -> None:
    cast = withdrawn()
    order = reclaim(wanted(cast), NOW).order
    for day in range(65):
        sweep(NOW + day * DAY)
    assert Validity.objects.by_id(order.served_line).state == "suspended"
    assert number().state == "assigned"


def test_what_was_had_back_is_not_released() -> None:
    cast = withdrawn()
    reclaim(wanted(cast), NOW + DAY)
    assert shelves.release_rested(NOW + 1000 * DAY) == 0


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one() -> None:
    cast = withdrawn(wallet_minor=5 * FEE)
    before = deadlocks()
    answers = at_once(
        [
            lambda key=key: reclaim(wanted(cast, key=key), NOW)
            for key in ["reclaim-0001"] * 3 + [f"reclaim-1{n:03}" for n in range(5)]
        ]
    )
    effects = {answer.order_id for answer in answers if not isinstance(answer, Exception)}
    assert len(effects) == 1
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert {getattr(answer, "code", answer) for answer in refused} <= {"not_found"}
    assert wallet(cast) == (4 * FEE, 0)
    assert OwnershipPeriod.objects.filter(ends_at=None).count() == 1
    assert deadlocks() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("late", [False, True])
def test_at_the_edge_the_number_is_had_back_or_released_never_both(late: bool) -> None:
    """A window as long as the quarantine: who comes first has it."""
    cast = withdrawn()
    edge = NOW + 180 * DAY
    Number.objects.update(reclaim_until=edge)
    holder = edge if late else edge - timedelta(microseconds=1)
    answers = at_once(
        [
            *[lambda: shelves.release_rested(edge)] * 3,
            lambda: reclaim(wanted(cast), holder),
        ]
    )
    released, had_back = sum(answers[:3]), not isinstance(answers[3], Exception)
    assert (released == 1) is not had_back
    assert not (late and had_back)
    assert number().state == ("assigned" if had_back else "available")
    assert audit(NOW, [one for one in invariants() if not one.late]) == []


def test_the_successors_id_follows_from_the_order() -> None:
    cast = withdrawn()
    order = reclaim(wanted(cast), NOW).order
    assert isinstance(order.line_id, UUID)
    assert order.line_id.int >> 64 == order.id.int >> 64

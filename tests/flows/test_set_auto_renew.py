"""set_auto_renew: the switch, the plan agreed to, the days ahead; in time, and never another's."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from keepline.audit.models import AuditEvent
from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan, Policy
from keepline.core.agenda import Step
from keepline.core.lifecycle.line import LineState
from keepline.flows.errors import FlowRefused
from keepline.flows.set_auto_renew import ACTION, AutoRenewWish, set_auto_renew
from keepline.flows.sweep_lines import sweep
from keepline.lines.models import Line, Validity
from keepline.payments.models import SavedMethod
from tests.cast import NOW, Cast, assemble, line, plan
from tests.doubles import FakeProvider
from tests.flows.acts import valid_until, wallet
from tests.flows.at_once import at_once
from tests.saved import saved

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def stage() -> Cast:
    return assemble()


def wish(cast: Cast, **changes: Any) -> AutoRenewWish:
    values: dict[str, Any] = {
        "account_id": cast.account.id,
        "line_id": cast.line.id,
        "enabled": True,
        "plan_code": None,
        "lead_days": None,
        "actor": "user:1",
    }
    return AutoRenewWish(**(values | changes))


def clock_of(cast: Cast) -> Validity:
    row: Validity = Validity.objects.by_id(cast.line.id)
    return row


def swept(now: datetime) -> Counter[str]:
    """What was due at `now`, one thing after the other."""
    counts: Counter[str] = Counter()
    while done := sweep(now):
        counts += done
    return counts


def acts() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=ACTION))


def dearer(cast: Cast) -> Plan:
    """The plan's next version, on sale instead of the one agreed to."""
    Plan.objects.filter(id=cast.plan.id).update(sold_until_at=NOW)
    return plan(cast.plan.code, version=2, price_minor=500)


def refused(code: str, cast: Cast, **changes: Any) -> FlowRefused:
    """That nothing has changed."""
    before = Validity.objects.filter(id=cast.line.id).values().get()
    with pytest.raises(FlowRefused, match=code) as caught:
        set_auto_renew(wish(cast, **changes), NOW)
    assert Validity.objects.filter(id=cast.line.id).values().get() == before
    assert acts() == []
    return caught.value


def test_switched_on_the_sweep_renews_it(stage: Cast) -> None:
    set_auto_renew(wish(stage), NOW)
    ends_at = valid_until(stage)
    row = clock_of(stage)
    assert (row.auto_renew, row.lead_days, row.next_step) == (True, None, Step.REMIND)
    assert swept(ends_at - 3 * DAY)["renewed"] == 1
    assert wallet(stage) == (700, 0)
    [act] = acts()
    assert (act.actor, act.account_id, act.subject_id) == (
        "user:1",
        stage.account.id,
        stage.line.id,
    )
    assert act.facts["after"] == {"enabled": True, "plan_id": stage.plan.id, "lead_days": None}


@pytest.mark.parametrize("lead", [0, 1, 2, 3])
def test_as_many_days_ahead_as_the_holder_says(lead: int, stage: Cast) -> None:
    set_auto_renew(wish(stage, lead_days=lead), NOW)
    first_try = valid_until(stage) - lead * DAY
    assert "renewed" not in swept(first_try - timedelta(seconds=1))
    assert swept(first_try)["renewed"] == 1


def test_switched_off_a_second_before_it_is_due_it_is_not_renewed(stage: Cast) -> None:
    set_auto_renew(wish(stage, lead_days=3), NOW)
    due_at = valid_until(stage) - 3 * DAY
    set_auto_renew(wish(stage, enabled=False), due_at - timedelta(seconds=1))
    assert "renewed" not in swept(due_at)
    assert wallet(stage) == (1000, 0)
    assert clock_of(stage).next_step in (Step.REMIND, Step.EXPIRE)


def test_choosing_the_plan_agrees_to_its_present_price(stage: Cast) -> None:
    new = dearer(stage)
    set_auto_renew(wish(stage, lead_days=3), NOW)
    due_at = valid_until(stage) - 3 * DAY
    assert swept(due_at)["consent"] == 1  # it was not agreed to
    set_auto_renew(wish(stage, plan_code=stage.plan.code, lead_days=2), due_at)
    assert clock_of(stage).plan_id == new.id
    assert swept(due_at + DAY)["renewed"] == 1
    assert wallet(stage) == (500, 0)
    assert (acts()[-1].facts["total_minor"], acts()[-1].facts["currency"]) == (500, "USD")


def test_another_plan(stage: Cast) -> None:
    yearly = plan("keep-1y", term="P1Y", price_minor=900)
    set_auto_renew(wish(stage, plan_code="keep-1y"), NOW)
    assert clock_of(stage).plan_id == yearly.id
    swept(valid_until(stage) - 3 * DAY)
    assert wallet(stage) == (100, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"line_kind": "travel_sim"},
        {"currency": "EUR"},
        {"sold_until_at": NOW},
    ],
    ids=str,
)
def test_a_plan_that_cannot_renew_the_line(fields: dict[str, Any], stage: Cast) -> None:
    plan("other", **fields)
    refused("plan_not_for_line", stage, plan_code="other")
    refused("plan_not_for_line", stage, plan_code="no-such-plan")


def test_a_price_that_the_holder_did_not_see(stage: Cast) -> None:
    dearer(stage)
    for seen in ((300, "USD"), (500, "EUR")):
        known = refused("price_changed", stage, plan_code=stage.plan.code, expected=seen)
        assert known.facts == {"total_minor": 500}
    set_auto_renew(wish(stage, plan_code=stage.plan.code, expected=(500, "USD")), NOW)


@pytest.mark.parametrize("lead", [-1, 4, 14, 10**6])
def test_days_that_the_policy_does_not_have(lead: int, stage: Cast) -> None:
    assert refused("lead_refused", stage, lead_days=lead).facts == {"days": [3, 2, 1, 0]}


def test_a_policy_that_never_tries_before_expiry_tries_at_it(stage: Cast) -> None:
    Policy.objects.update(retry_days=[1, 2])
    catalog.forget()
    refused("lead_refused", stage, lead_days=1)
    set_auto_renew(wish(stage, lead_days=0), NOW)


@pytest.mark.parametrize(
    "state",
    [
        LineState.TERMINATED,
        LineState.READY,
        LineState.BLOCKED,
        pytest.param(LineState.PORTING, marks=pytest.mark.books_broken),  # and to nobody
    ],
)
def test_a_state_without_a_clock(state: LineState, stage: Cast) -> None:
    clock = Validity.objects.filter(id=stage.line.id)
    clock.update(state=state, next_step=None, next_action_at=None)
    refused("state_refuses", stage)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (LineState.GRACE, Step.RENEW),
        (LineState.SUSPENDED, Step.WITHDRAW),  # as planned: it knows no tries
        (LineState.PAUSED, Step.REMIND),
    ],
)
def test_states_that_are_not_active(state: LineState, step: Step, stage: Cast) -> None:
    days = {LineState.GRACE: -1, LineState.SUSPENDED: -31, LineState.PAUSED: 10}[state]
    made = line(stage.account, stage.plan, state=state, valid_until=NOW + days * DAY)
    set_auto_renew(wish(stage, line_id=made.id), NOW)
    row = Validity.objects.by_id(made.id)
    assert (row.state, row.auto_renew, row.next_step) == (state, True, step)


def test_a_dormant_line_sleeps_on(stage: Cast) -> None:
    Validity.objects.filter(id=stage.line.id).update(
        dormant=True, next_step=None, next_action_at=None
    )
    set_auto_renew(wish(stage), NOW)
    row = clock_of(stage)
    assert (row.auto_renew, row.next_step, row.next_action_at) == (True, None, None)


def test_the_same_again_is_no_act_and_loses_no_try_that_is_due(stage: Cast) -> None:
    set_auto_renew(wish(stage, lead_days=0), NOW)
    due_at = valid_until(stage)
    Validity.objects.filter(id=stage.line.id).update(next_step=Step.RENEW, next_action_at=due_at)
    set_auto_renew(wish(stage, lead_days=0), due_at + timedelta(seconds=1))
    assert len(acts()) == 1
    assert swept(due_at + timedelta(seconds=2))["renewed"] == 1


def test_another_accounts_line_is_not_there(stage: Cast) -> None:
    refused("not_found", stage, line_id=uuid4())
    refused("not_found", stage, account_id=stage.other_account.id)


@pytest.mark.django_db(transaction=True)
def test_switched_off_while_the_sweep_is_at_it() -> None:
    """Charged and renewed, or neither; and off it is."""
    for number in range(5):
        cast = assemble(suffix=str(number), code=f"keep-{number}")
        set_auto_renew(wish(cast, lead_days=3), NOW)
        ends_at = valid_until(cast)
        off = partial(set_auto_renew, wish(cast, enabled=False), ends_at - 3 * DAY)
        counts, answer = at_once([partial(sweep, ends_at - 3 * DAY), off])
        assert answer is None
        assert not clock_of(cast).auto_renew
        renewed = valid_until(cast) > ends_at
        assert counts.get("renewed", 0) == renewed
        assert wallet(cast) == ((700, 0) if renewed else (1000, 0))


def test_a_line_that_is_kept_for_want_of_a_notice_is_not_told_again_at_once(stage: Cast) -> None:
    """A suspended line's agenda knows no tries: the switch leaves its next step where it is."""
    again_at = NOW + DAY
    Validity.objects.filter(id=stage.line.id).update(
        state=LineState.SUSPENDED,
        since_at=NOW - 90 * DAY,
        next_step=Step.WITHDRAW,
        next_action_at=again_at,
    )
    set_auto_renew(wish(stage, enabled=True), NOW)
    row = clock_of(stage)
    assert (row.auto_renew, row.next_step, row.next_action_at) == (True, Step.WITHDRAW, again_at)


def test_a_method_that_the_operator_does_not_offer_is_refused(
    stage: Cast, provider: FakeProvider
) -> None:
    """Kept long ago, or of a kind that the provider's page should not have kept."""
    method_id = saved(stage, provider)
    SavedMethod.objects.update(kind="link")
    with pytest.raises(FlowRefused, match="method_unusable"):
        set_auto_renew(wish(stage, method_id=method_id), NOW)
    assert Line.objects.by_id(stage.line.id).method_id is None
    SavedMethod.objects.update(kind="sandbox")
    set_auto_renew(wish(stage, method_id=method_id), NOW)
    assert Line.objects.by_id(stage.line.id).method_id == method_id


def test_a_try_that_is_due_outlives_a_change_of_plan(stage: Cast) -> None:
    """The sweep is a moment late, and the plan was chosen in that moment."""
    fifty = plan("fifty", price_minor=50)
    expires_at = valid_until(stage)
    Validity.objects.filter(id=stage.line.id).update(
        auto_renew=True, lead_days=0, next_step=Step.RENEW, next_action_at=expires_at
    )
    set_auto_renew(wish(stage, plan_code=fifty.code, lead_days=0), expires_at)
    assert sweep(expires_at) == {"renewed": 1}
    assert wallet(stage) == (950, 0)


def test_a_due_try_does_not_outlive_the_wish_for_a_later_one(stage: Cast) -> None:
    expires_at = valid_until(stage)
    Validity.objects.filter(id=stage.line.id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=expires_at - 3 * DAY
    )
    set_auto_renew(wish(stage, lead_days=0), expires_at - 3 * DAY)
    assert sweep(expires_at - 3 * DAY) == {}
    assert clock_of(stage).next_action_at == expires_at - DAY  # the reminder
    assert swept(expires_at)["renewed"] == 1

"""show_auto_renew: what is set, and what may be chosen, in the currency of the line's wallet."""

from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.core.lifecycle.line import LineState
from keepline.flows.errors import FlowRefused
from keepline.flows.show_auto_renew import show_auto_renew
from keepline.lines.models import Validity
from tests import cast
from tests.cast import NOW, assemble

pytestmark = pytest.mark.django_db


def test_plans_with_their_prices_and_the_days_that_the_policy_has() -> None:
    stage = assemble(tax_rate_ppm=200_000)
    cast.plan("keep-1y", term="P1Y", price_minor=3000)
    cast.plan("euro", currency="EUR")
    cast.plan("travel", line_kind="travel_sim")
    view = show_auto_renew(stage.line.id, stage.account.id, NOW)
    told = [(c.offer.code, c.quote.total_minor, c.current) for c in view.plans]
    assert told == [("keep-1m", 300, True), ("keep-1y", 3000, False)]
    auto = view.card.auto_renew
    assert (auto.lead_choices, auto.tries_in_grace) == ([3, 2, 1, 0], [1, 3, 5, 7])
    assert auto.price is not None
    assert auto.price.tax_minor == 50
    assert view.card.auto_renewable


@pytest.mark.parametrize(("lead", "ahead"), [(None, [3, 2, 1, 0]), (2, [2, 1, 0]), (0, [0])])
def test_the_days_on_which_this_line_is_tried(lead: int | None, ahead: list[int]) -> None:
    stage = assemble()
    Validity.objects.filter(id=stage.line.id).update(lead_days=lead)
    view = show_auto_renew(stage.line.id, stage.account.id, NOW)
    assert view.card.auto_renew.tries_ahead == ahead


def test_a_state_without_a_clock_cannot_be_changed() -> None:
    stage = assemble()
    clock = Validity.objects.filter(id=stage.line.id)
    clock.update(state=LineState.BLOCKED, next_step=None, next_action_at=None)
    assert not show_auto_renew(stage.line.id, stage.account.id, NOW).card.auto_renewable


def test_another_account_finds_nothing() -> None:
    stage = assemble()
    for line_id in (stage.line.id, uuid4()):
        with pytest.raises(FlowRefused, match="not_found"):
            show_auto_renew(line_id, stage.other_account.id, NOW)


@pytest.mark.parametrize("plans", [1, 5])
def test_queries_do_not_grow_with_the_plans(
    plans: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stage = assemble()
    for number in range(plans):
        cast.plan(f"plan-{number}")
    show_auto_renew(stage.line.id, stage.account.id, NOW)
    # line, wallets, plans, policies, extensions, uses; offers with their plans
    with django_assert_num_queries(9):
        show_auto_renew(stage.line.id, stage.account.id, NOW)

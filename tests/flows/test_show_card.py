"""show_card: a line's SIM card, without its codes."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.flows.errors import FlowRefused
from keepline.flows.show_card import show_card
from keepline.inventory import holding, sims
from keepline.inventory.models import Card
from keepline.lines.models import Line
from tests.cast import NOW, assemble
from tests.inventory import shelves

pytestmark = pytest.mark.django_db


def test_a_card_and_nobody_elses(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    cast = assemble()
    (iccid,) = shelves.cards(shelves.pool("cards", "card"), 1)
    Line.objects.filter(id=cast.line.id).update(iccid=iccid)
    with pytest.raises(FlowRefused, match="not_found"):  # it lies on the shelf
        show_card(cast.line.id, cast.account.id)
    holding.hold(Card, iccid, cast.account.id, NOW + timedelta(days=1), NOW)
    sims.assign_card(iccid, cast.account.id, cast.line.id, NOW)
    with django_assert_num_queries(2):
        view = show_card(cast.line.id, cast.account.id)
    assert (view.iccid, view.state, view.has_codes) == (iccid, "assigned", False)
    with pytest.raises(FlowRefused, match="not_found"):
        show_card(cast.line.id, cast.other_account.id)

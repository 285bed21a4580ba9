"""open_line: a living line comes once, with its number, its card and the fold's beginning."""

from datetime import timedelta
from typing import Any

import pytest

from keepline.core.lifecycle.line import LineState
from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.open_line import LineToOpen, open_existing_line
from keepline.inventory.services import NumberTaken
from keepline.lines.models import Extension, Line, Validity
from tests.cast import NOW, Cast, assemble
from tests.flows.acts import request

pytestmark = pytest.mark.django_db


def wanted(cast: Cast, **changes: Any) -> LineToOpen:
    values: dict[str, Any] = {
        "account_id": cast.account.id,
        "plan_code": cast.plan.code,
        "label": "Gate",
        "e164": 447700900321,
        "iccid": None,
        "carrier_id": None,
        "state": LineState.ACTIVE,
        "started_at": NOW - timedelta(days=20),
        "valid_until": NOW + timedelta(days=10),
        "auto_renew": False,
        "actor": "staff:1",
    }
    return LineToOpen(**(values | changes))


def test_a_line_is_opened_once_and_can_be_renewed() -> None:
    cast = assemble()
    line_id = open_existing_line(wanted(cast), NOW)
    assert open_existing_line(wanted(cast), NOW) == line_id
    assert Line.objects.filter(e164=447700900321).count() == 1
    started = renew_line.start(request(cast, line_id=line_id), NOW)
    assert started.state == "completed"
    ends = Extension.objects.filter(line_id=line_id).order_by("period_end").last()
    assert ends is not None
    assert Validity.objects.by_id(line_id).valid_until == ends.period_end


def test_anothers_number_is_refused_and_nothing_written() -> None:
    cast = assemble()
    open_existing_line(wanted(cast), NOW)
    before = Line.objects.count()
    with pytest.raises(NumberTaken):
        open_existing_line(wanted(cast, account_id=cast.other_account.id), NOW)
    assert Line.objects.count() == before


def test_a_plan_that_is_not_sold_is_refused() -> None:
    cast = assemble()
    with pytest.raises(FlowRefused, match="plan_not_for_line"):
        open_existing_line(wanted(cast, plan_code="nothing"), NOW)

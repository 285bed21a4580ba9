"""show_calendar: what stands in it and what does not; tests/portal has the file itself."""

from datetime import timedelta
from typing import Any

import pytest

from keepline.core.lifecycle.line import LineState
from keepline.flows.renew_calendar import renew_calendar
from keepline.flows.show_calendar import show_calendar
from keepline.lines.models import Line, Validity
from tests.cast import NOW, Cast, assemble

# Rows are put where a year would have brought them, without what it would have booked.
pytestmark = [pytest.mark.django_db, pytest.mark.books_broken]


@pytest.fixture
def stage() -> Cast:
    return assemble()


def entries(stage: Cast, **columns: Any) -> Any:
    Validity.objects.filter(id=stage.line.id).update(**columns)
    view = show_calendar(renew_calendar(stage.alice.pk, stage.account.id, NOW), NOW)
    assert view is not None
    return view.entries


def test_no_address_no_calendar(stage: Cast) -> None:
    assert show_calendar("kl_cal_nobody", NOW) is None


def test_a_blocked_line_is_promised_no_date_of_loss(stage: Cast) -> None:
    (entry,) = entries(stage, state=LineState.BLOCKED)
    assert (entry.kind, entry.at) == ("stands", NOW + timedelta(days=10))
    assert (entry.withdrawn_at, entry.lost_at, entry.days_ahead) == (None, None, ())


@pytest.mark.parametrize(
    "columns",
    [
        {"state": LineState.READY, "valid_until": None},
        {"state": LineState.RESERVED},
        {"dormant": True},
    ],
)
def test_what_has_no_dates_is_not_in_it(stage: Cast, columns: dict[str, Any]) -> None:
    assert entries(stage, **columns) == []


def test_grace_and_suspension_count_from_when_they_began(stage: Cast) -> None:
    Line.objects.filter(id=stage.line.id).update(e164=442071838750)
    began = NOW - timedelta(days=2)  # we were away when it ran out
    (entry,) = entries(
        stage, state=LineState.GRACE, valid_until=NOW - timedelta(days=9), since_at=began
    )
    assert (entry.kind, entry.at) == ("suspends", began + timedelta(days=30))
    assert entry.lost_at == began + timedelta(days=30 + 60 + 180)

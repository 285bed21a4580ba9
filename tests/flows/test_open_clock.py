"""open_clock: a test clock, outside production only."""

from datetime import timedelta

import pytest

from keepline.accounts import clocks
from keepline.accounts.clocks import ClockRefused
from keepline.audit.models import AuditEvent
from keepline.flows.open_clock import open_clock
from tests.cast import NOW

pytestmark = pytest.mark.django_db


def test_it_stands_still_at_its_instant() -> None:
    clock_id = open_clock("spring", NOW + timedelta(days=3), "cli", NOW)
    assert clocks.shows(clock_id) == NOW + timedelta(days=3)
    assert AuditEvent.objects.get(action="clock.opened").facts["clock"] == "spring"


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ClockRefused, match="1 to 60"):
        open_clock(name, NOW, "cli", NOW)
    assert clocks.all_clocks() == []


def test_a_name_is_given_once() -> None:
    open_clock("spring", NOW, "cli", NOW)
    with pytest.raises(ClockRefused, match="already"):
        open_clock("spring", NOW, "cli", NOW)


def test_production_has_none(settings: object) -> None:
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    with pytest.raises(ClockRefused, match="no test clocks in production"):
        open_clock("spring", NOW, "cli", NOW)
    settings.PRODUCTION = False  # type: ignore[attr-defined]
    assert clocks.all_clocks() == []

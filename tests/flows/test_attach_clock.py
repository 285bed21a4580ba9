"""attach_clock: an account and all its lines, those to come included; for good."""

from datetime import timedelta
from uuid import uuid4

import pytest

from keepline.accounts.clocks import ClockRefused
from keepline.accounts.models import Account
from keepline.core.lifecycle.line import LineState
from keepline.flows.attach_clock import attach_clock
from keepline.flows.open_clock import open_clock
from keepline.flows.open_line import LineToOpen, open_existing_line
from keepline.lines.models import Validity
from tests import cast as stage
from tests.cast import NOW

pytestmark = pytest.mark.django_db


def test_its_lines_come_along_and_strangers_do_not() -> None:
    cast = stage.assemble()
    other = stage.line(cast.other_account, cast.plan)
    clock_id = open_clock("spring", NOW, "cli", NOW)
    assert attach_clock("spring", cast.account.id, "cli", NOW) == 1
    assert attach_clock("spring", cast.account.id, "cli", NOW) == 1  # again: the same
    assert Account.objects.by_id(cast.account.id).clock_id == clock_id
    assert Validity.objects.by_id(cast.line.id).clock_id == clock_id
    assert Validity.objects.by_id(other.id).clock_id == 0


def test_a_line_opened_later_lives_by_it_too() -> None:
    cast = stage.assemble()
    clock_id = open_clock("spring", NOW, "cli", NOW)
    attach_clock("spring", cast.account.id, "cli", NOW)
    line_id = open_existing_line(
        LineToOpen(
            account_id=cast.account.id,
            plan_code=cast.plan.code,
            label="",
            e164=447911123456,
            iccid=None,
            carrier_id=None,
            state=LineState.ACTIVE,
            started_at=NOW,
            valid_until=NOW + timedelta(days=30),
            auto_renew=False,
            actor="import",
        ),
        NOW,
    )
    assert Validity.objects.by_id(line_id).clock_id == clock_id


def test_what_does_not_fit_is_refused() -> None:
    cast = stage.assemble()
    open_clock("spring", NOW - timedelta(days=60), "cli", NOW)
    open_clock("summer", NOW, "cli", NOW)
    open_clock("autumn", NOW, "cli", NOW)
    with pytest.raises(ClockRefused, match="move the clock beyond"):
        attach_clock("spring", cast.account.id, "cli", NOW)
    with pytest.raises(ClockRefused, match="no test clock 'winter'"):
        attach_clock("winter", cast.account.id, "cli", NOW)
    with pytest.raises(ClockRefused, match="no account"):
        attach_clock("summer", uuid4(), "cli", NOW)
    Validity.objects.filter(id=cast.line.id).update(dormant=True)
    with pytest.raises(ClockRefused, match="go-live"):
        attach_clock("summer", cast.account.id, "cli", NOW)
    Validity.objects.filter(id=cast.line.id).update(dormant=False)
    attach_clock("summer", cast.account.id, "cli", NOW)
    with pytest.raises(ClockRefused, match="another test clock"):
        attach_clock("autumn", cast.account.id, "cli", NOW)


def test_production_refuses(settings: object) -> None:
    cast = stage.assemble()
    open_clock("spring", NOW, "cli", NOW)
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    with pytest.raises(ClockRefused, match="production"):
        attach_clock("spring", cast.account.id, "cli", NOW)
    assert Account.objects.by_id(cast.account.id).clock_id == 0

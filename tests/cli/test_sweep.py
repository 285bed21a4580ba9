"""`keepline sweep` and the doctor's look at time zones, on a test's base."""

from datetime import timedelta

import pytest
from django.utils import timezone

from keepline.cli import doctor
from keepline.core.agenda import Step
from keepline.lines.models import Validity
from tests.cast import assemble, line
from tests.cli.test_audit import keepline

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.books_broken  # the order is dated by the real clock, months after the cast's
def test_what_is_due_is_done_and_told(process_environment: dict[str, str]) -> None:
    soon = timezone.now() + timedelta(hours=1)
    assemble(line_fields={"valid_until": soon})
    Validity.objects.update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=timezone.now() - timedelta(minutes=1)
    )
    swept = keepline("sweep", process_environment)
    assert (swept.returncode, swept.stdout) == (0, "        1 renewed\n"), swept.stderr
    assert "1/1" in swept.stderr
    assert Validity.objects.get().valid_until > soon
    assert keepline("sweep", process_environment).stdout == "Nothing was due.\n"


@pytest.mark.books_broken  # as above
def test_what_goes_one_by_one_is_done_to_the_last(process_environment: dict[str, str]) -> None:
    """A sweep does a hundred of them; the command does not leave the others."""
    soon = timezone.now() + timedelta(hours=1)
    cast = assemble(wallet_minor=0, line_fields={"valid_until": soon})
    for _ in range(100):
        line(cast.account, cast.plan, valid_until=soon)
    Validity.objects.update(
        auto_renew=True,
        next_step=Step.RENEW_ALONE,
        next_action_at=timezone.now() - timedelta(minutes=1),
    )
    swept = keepline("sweep", process_environment)
    assert swept.stdout == "      101 not renewed: the wallet was short\n", swept.stderr
    assert not Validity.objects.filter(next_step=Step.RENEW_ALONE).exists()


@pytest.mark.parametrize(("zone", "grade"), [("Europe/Berlin", "ok"), ("Etc/GMT-3", "ok")])
def test_zones_that_agree(process_environment: dict[str, str], zone: str, grade: str) -> None:
    assemble(line_fields={"time_zone": zone})
    assert doctor._zones(process_environment["KEEPLINE_DATABASE_URL"]).grade == grade


def test_a_zone_that_differs_is_named(
    process_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine takes Berlin for Kyiv; the database does not."""
    assemble(line_fields={"time_zone": "Europe/Berlin"})
    from zoneinfo import ZoneInfo

    monkeypatch.setattr("zoneinfo.ZoneInfo", lambda _: ZoneInfo("Europe/Kyiv"))
    finding = doctor._zones(process_environment["KEEPLINE_DATABASE_URL"])
    assert finding.grade == "fail"
    assert "Europe/Berlin" in finding.says

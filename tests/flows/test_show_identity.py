"""show_identity: how far it has come, and what can be done."""

from datetime import timedelta

import pytest

from keepline.accounts.identity import OPEN_FOR
from keepline.accounts.models import IdentityCheck
from keepline.flows.follow_checks import look
from keepline.flows.show_identity import IdentityView, show_identity
from tests.cast import NOW, Cast, assemble
from tests.flows.checking import begun
from tests.identity import a_checker

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def stage() -> Cast:
    return assemble()


def test_never_asked(stage: Cast) -> None:
    assert show_identity(stage.account.id, NOW) == IdentityView("not_asked", possible=False)
    with a_checker():
        view = show_identity(stage.account.id, NOW)
    assert (view.stage, view.possible, view.may_begin) == ("not_asked", True, True)


def test_every_stage(stage: Cast) -> None:
    with a_checker() as checker:
        for place in range(3):
            row = begun(stage)
            view = show_identity(stage.account.id, NOW)
            assert (view.stage, view.at, view.until) == ("pending", NOW, NOW + OPEN_FOR)
            assert view.may_begin, "it can be gone on with"
            if place < 2:
                checker.decide(row.id, "refused", reason="unreadable")
            else:
                checker.decide(row.id, "expired")
            look(row.id, NOW)
            stages = ("refused", "refused", "expired")
            assert show_identity(stage.account.id, NOW).stage == stages[place]
        view = show_identity(stage.account.id, NOW)
        assert (view.again_at, view.may_begin) == (NOW + DAY, False)
        later = show_identity(stage.account.id, NOW + DAY)
        assert (later.again_at, later.may_begin) == (None, True)
        IdentityCheck.objects.all().delete()
        row = begun(stage)
        checker.decide(row.id, country="GB", of_age=True)
        look(row.id, NOW)
        view = show_identity(stage.account.id, NOW)
    assert (view.stage, view.country, view.of_age, view.may_begin) == (
        "verified",
        "GB",
        True,
        False,
    )

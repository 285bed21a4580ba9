"""follow_checks: asked after until decided, expired when nobody finishes, forgotten in time."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings

from keepline.accounts import identity
from keepline.accounts.models import Account, IdentityCheck
from keepline.audit.models import AuditEvent
from keepline.flows.follow_checks import follow, forget, look
from keepline.gateways import switchboard
from keepline.messages.models import Outbox
from tests.cast import NOW, Cast, assemble
from tests.flows.checking import begun
from tests.identity import ScriptedChecker

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PARTNER = "https://partner.example/checked"


@pytest.fixture
def stage() -> Cast:
    return assemble()


def seen(row: IdentityCheck) -> tuple[str, datetime | None]:
    row.refresh_from_db()
    return row.state, row.next_look_at


def test_asked_when_due_and_settled_by_the_answer(checker: ScriptedChecker, stage: Cast) -> None:
    row = begun(stage)
    assert follow(NOW + MINUTE) == 0
    assert follow(NOW + 2 * MINUTE) == 1
    assert seen(row) == ("pending", NOW + 4 * MINUTE)
    assert follow(NOW + 4 * MINUTE) == 1
    assert seen(row) == ("pending", NOW + 8 * MINUTE)
    checker.decide(row.id, "refused", reason="too_young", of_age=False)
    assert follow(NOW + 8 * MINUTE) == 1
    assert seen(row) == ("refused", None)
    assert (row.reason, row.of_age) == ("too_young", False)
    assert Outbox.objects.filter(kind="identity.refused").count() == 1
    assert follow(NOW + DAY) == 0


def test_whoever_is_back_is_not_kept_waiting(checker: ScriptedChecker, stage: Cast) -> None:
    row = begun(stage)
    look(uuid4(), NOW)  # that nobody began
    checker.decide(row.id)
    look(row.id, NOW)
    assert seen(row) == ("verified", None)
    checker.deaf = True
    look(row.id, NOW)  # and nobody is asked once it is decided


def test_where_the_browser_goes_on_to(
    checker: ScriptedChecker, stage: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = begun(stage)
    assert look(row.id, NOW) == ""
    IdentityCheck.objects.update(return_url=PARTNER)
    assert look(row.id, NOW) == "", "the operator has taken it back meanwhile"
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, identity_return_urls=(PARTNER,)))
    assert look(row.id, NOW) == PARTNER
    checker.decide(row.id)
    assert [look(row.id, NOW) for _ in range(2)] == [PARTNER, PARTNER]
    assert look(uuid4(), NOW) == ""


def test_who_does_not_finish_has_expired(checker: ScriptedChecker, stage: Cast) -> None:
    row = begun(stage)
    now, looks = NOW, 0
    while seen(row)[0] == "pending":
        now = seen(row)[1] or now
        follow(now)
        looks += 1
    assert now == row.expires_at
    assert looks < 200, "once an hour at most"
    assert seen(row) == ("expired", None)
    assert not Outbox.objects.filter(kind__startswith="identity.").exists()
    assert AuditEvent.objects.filter(action="identity.checked").get().facts["result"] == "expired"


def test_a_silent_provider_gets_a_week_more(checker: ScriptedChecker, stage: Cast) -> None:
    row = begun(stage)
    checker.deaf = True
    follow(row.expires_at + DAY)
    assert seen(row)[0] == "pending"
    switchboard._factories.pop("identity")  # and one that is not connected any more
    follow(row.expires_at + 2 * DAY)
    assert seen(row)[0] == "pending"
    follow(row.expires_at + 8 * DAY)
    assert seen(row) == ("expired", None)


def test_a_late_yes_counts_until_then(checker: ScriptedChecker, stage: Cast) -> None:
    row = begun(stage)
    checker.decide(row.id)
    follow(row.expires_at + DAY)
    assert seen(row)[0] == "verified"


def test_one_that_the_provider_never_saw(checker: ScriptedChecker, stage: Cast) -> None:
    row = begun(stage)
    checker.checks.store.execute("DELETE FROM checks")
    follow(NOW + 2 * MINUTE)
    assert seen(row)[0] == "pending"  # the holder may go on with it, and it is begun there then
    follow(row.expires_at)
    assert seen(row)[0] == "expired"


def test_what_fails_alone_keeps_nobody(
    checker: ScriptedChecker, stage: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, asked = begun(stage), checker.ask
    other = identity.begin(stage.other_account.id, "bridge", "user:3", NOW, NOW)

    def odd(check_id: object) -> object:
        if check_id == other.id:
            raise RuntimeError("odd")
        return asked(row.id)

    monkeypatch.setattr(checker, "ask", odd)
    checker.decide(row.id)
    assert follow(NOW + 2 * MINUTE) == 2
    assert seen(row)[0] == "verified"


def test_forgotten_in_time(checker: ScriptedChecker, stage: Cast) -> None:
    refused = begun(stage)
    checker.decide(refused.id, "refused", reason="other")
    look(refused.id, NOW)
    verified = begun(stage)
    checker.decide(verified.id)
    look(verified.id, NOW)
    pending = identity.begin(stage.other_account.id, "bridge", "user:3", NOW, NOW)
    assert forget(NOW + 90 * DAY) == 0
    assert forget(NOW + 91 * DAY) == 1
    assert set(IdentityCheck.objects.values_list("id", flat=True)) == {verified.id, pending.id}
    Account.objects.filter(id=stage.account.id).update(closed_at=NOW)
    assert forget(NOW + 91 * DAY) == 1
    assert IdentityCheck.objects.get().id == pending.id

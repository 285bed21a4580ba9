"""address_event: events become deliveries, each once, in order, and rest."""

from datetime import timedelta

import pytest

from keepline.core.telling import GATHERING
from keepline.flows.address_event import address
from keepline.flows.telling import ways
from keepline.flows.telling.letters import SUBJECTS
from keepline.messages import deliveries
from keepline.messages import services as outbox
from keepline.messages.models import Delivery, Outbox
from tests.cast import NOW, assemble
from tests.flows.at_once import at_once
from tests.flows.way import ScriptedWay

pytestmark = pytest.mark.django_db


def put(cast, kind: str = "line.blocked", now=NOW) -> None:  # type: ignore[no-untyped-def]
    outbox.put_all([(kind, cast.account.id, cast.line.id)], now)


def test_an_event_is_addressed_once() -> None:
    cast = assemble()
    put(cast)
    assert address(NOW, 10) == 1
    assert address(NOW, 10) == 0
    assert Outbox.objects.values_list("due_at", "outcome").get() == (None, "addressed")
    row = Delivery.objects.get()
    assert (row.channel, row.recipient) == ("email", f"user:{cast.alice.id}")
    assert (row.due_at, row.letter_id, row.slot) == (NOW, row.id, cast.account.slot)


def test_nobody_to_tell_is_said() -> None:
    cast = assemble()
    cast.alice.memberships.all().delete()
    put(cast)
    address(NOW, 10)
    assert Outbox.objects.get().outcome == "no_address"
    assert Delivery.objects.count() == 0


def test_a_kind_that_nobody_knows_is_laid_aside() -> None:
    put(assemble(), kind="line.unheard_of")
    address(NOW, 10)
    assert Outbox.objects.get().outcome == "laid_aside"


def test_reminders_gather_and_alarms_do_not() -> None:
    cast = assemble()
    put(cast, "line.expiry_near")
    address(NOW, 10)
    assert Delivery.objects.get().due_at == NOW + GATHERING


def test_systems_get_the_kinds_they_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = assemble()
    hook = ScriptedWay("webhook", to_people=False, kinds=frozenset({"line.blocked"}))
    monkeypatch.setattr(ways, "ALL", (hook,))
    put(cast, "line.blocked")
    put(cast, "line.unblocked")
    address(NOW, 10)
    assert list(Delivery.objects.values_list("kind", flat=True)) == ["line.blocked"]
    assert list(Outbox.objects.order_by("kind").values_list("outcome", flat=True)) == [
        "addressed",
        "not_wanted",
    ]


def test_every_kind_of_letter_has_its_topic() -> None:
    from keepline.core.telling import GATHERED, TOPIC_OF
    from keepline.flows.telling.letters import SUBJECTS_OF_MANY

    assert set(TOPIC_OF) == set(SUBJECTS)
    assert set(SUBJECTS_OF_MANY) == GATHERED


@pytest.mark.django_db(transaction=True)
def test_many_workers_address_each_event_once() -> None:
    casts = [assemble(suffix=str(n), code=f"plan-{n}") for n in range(6)]
    for cast in casts:
        for minutes in range(3):
            put(cast, now=NOW + timedelta(minutes=minutes))
    done = at_once([lambda: address(NOW + timedelta(hours=1), 2)] * 8)
    while address(NOW + timedelta(hours=1), 4):
        pass
    assert all(isinstance(each, int) for each in done)
    assert Delivery.objects.count() == 18
    for cast in casts:
        occurred = {event.id: event.occurred_at for event in Outbox.objects.all()}
        own = Delivery.objects.filter(account_id=cast.account.id).order_by("id")
        times = [occurred[row.event_id] for row in own]
        assert times == sorted(times)
    lanes = Delivery.objects.values_list("lane", flat=True)
    assert len(set(lanes)) == 6
    assert len(deliveries.claim_due("email", NOW + timedelta(hours=1), 99, timedelta(1))) == 6

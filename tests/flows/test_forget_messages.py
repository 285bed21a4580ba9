"""forget_messages: what is over is erased, nothing else, by the clock of its account."""

from datetime import UTC, datetime, timedelta

import pytest

from keepline.accounts import clocks
from keepline.flows import forget_messages as flow
from keepline.flows.forget_messages import forget_messages
from keepline.inventory.models import OwnershipPeriod
from keepline.messages.inbox_models import Arrival, ReceivedMessage
from keepline.workers import due
from tests.cast import NOW, Cast, assemble
from tests.flows.inboxes import arrives, numbered

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def stage() -> Cast:
    return numbered(assemble())


def test_what_is_over_goes(stage: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BATCH", 2)
    for days in (0, 0, 0, 1, 2):
        arrives(NOW + days * DAY)
    assert forget_messages(NOW + 30 * DAY - timedelta(seconds=1)) == 0
    assert forget_messages(NOW + 31 * DAY) == 4
    assert ReceivedMessage.objects.get().received_at == NOW + 2 * DAY
    assert forget_messages(NOW + 31 * DAY) == 0


def test_repeats_are_known_for_longer_than_any_network_repeats(stage: Cast) -> None:
    arrives()
    forget_messages(NOW + 59 * DAY)
    assert Arrival.objects.count() == 1
    forget_messages(NOW + 61 * DAY)
    assert Arrival.objects.count() == 0


def test_by_the_clock_of_the_account(stage: Cast) -> None:
    shown = datetime(2031, 1, 1, tzinfo=UTC)
    clock = clocks.create("later", shown, NOW)
    clocks.attach(stage.account, clock.pk)
    OwnershipPeriod.objects.update(begins_at=shown - DAY)
    arrives()
    assert forget_messages(shown + 400 * DAY) == 0
    assert due.forget_messages(lambda: NOW) == 0
    clocks.move(clocks.lock_clock(clock.pk), shown + 30 * DAY)
    assert due.forget_messages(lambda: NOW) == 1

"""receive_message: to the holder of the instant, once, sealed; or to nobody, and counted."""

from datetime import UTC, datetime, timedelta

import pytest
import structlog
from django.db import OperationalError, connection

from keepline.accounts import clocks
from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.flows import receive_message
from keepline.flows.audit_books import audit, invariants
from keepline.flows.errors import FlowRefused
from keepline.inventory import services as inventory
from keepline.inventory.models import OwnershipPeriod
from keepline.messages import inbox, inbox_queries
from keepline.messages.inbox_models import Arrival, ReceivedMessage, UnclaimedDay
from keepline.messages.sealing import SealBroken, row_name, sealer
from tests import cast as stage_of
from tests.cast import NOW, Cast, assemble
from tests.flows.inboxes import E164, MARKER, TEXT, arrives, give, numbered, rested, sms, take

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def stage() -> Cast:
    return numbered(assemble())


def counted() -> list[tuple[int, int]]:
    return list(UnclaimedDay.objects.order_by("day").values_list("e164", "messages"))


def nobodys(**fields: object) -> None:
    """What arrives so is kept from everyone."""
    before = sum(messages for _, messages in counted())
    assert arrives(**fields).outcome == "unclaimed"  # type: ignore[arg-type]
    assert sum(messages for _, messages in counted()) == before + 1


def test_it_is_its_holders(stage: Cast) -> None:
    received = arrives(sender="MyBank", sent_at=NOW - timedelta(seconds=2))
    assert received.outcome == "kept"
    [message] = inbox_queries.messages_of(stage.account.id, stage.line.id, NOW, 10)
    assert (message.id, message.sender, message.text) == (received.message_id, "MyBank", TEXT)
    assert (message.e164, message.received_at) == (E164, NOW)
    assert message.erase_at == NOW + timedelta(days=30)
    assert TEXT not in repr(message)
    assert inbox_queries.messages_of(stage.other_account.id, None, NOW, 10) == []
    assert inbox_queries.message_of(stage.other_account.id, message.id, NOW) is None
    assert counted() == []


def test_a_repeat_stores_nothing(stage: Cast) -> None:
    first = sms(reference="same")
    assert receive_message.receive(first, NOW).outcome == "kept"
    assert receive_message.receive(first, NOW + DAY).outcome == "repeat"
    assert ReceivedMessage.objects.count() == Arrival.objects.count() == 1


def test_the_repeat_of_the_last_holders_message_is_not_the_next_ones(stage: Cast) -> None:
    first = sms(reference="same")
    receive_message.receive(first, NOW)
    rested(E164, NOW + DAY)
    later = NOW + timedelta(days=400)
    give(stage.other_account, stage_of.line(stage.other_account, stage.plan), E164, later)
    assert receive_message.receive(first, later + DAY).outcome == "repeat"
    assert inbox_queries.messages_of(stage.other_account.id, None, NOW, 10) == []


def test_one_reference_at_two_numbers_is_two_messages(stage: Cast) -> None:
    give(stage.other_account, stage_of.line(stage.other_account, stage.plan), E164 + 1, NOW - DAY)
    assert arrives(reference="1").outcome == "kept"
    assert arrives(reference="1", to=f"+{E164 + 1}").outcome == "kept"


def test_a_resting_number_keeps_it_from_everyone_and_counts(stage: Cast) -> None:
    take(E164, NOW)
    nobodys(now=NOW + DAY)
    nobodys(now=NOW + DAY)
    nobodys(now=NOW + 2 * DAY)
    assert not ReceivedMessage.objects.exists()
    assert counted() == [(E164, 2), (E164, 1)]
    assert inbox_queries.unclaimed_since(E164, NOW.date()) == (3, (NOW + 2 * DAY).date())
    assert inbox_queries.unclaimed_since(E164, (NOW + 3 * DAY).date()) == (0, None)


def test_a_number_without_an_owner_counts(stage: Cast) -> None:
    inventory.add_numbers([E164 + 7], NOW)
    nobodys(to=f"+{E164 + 7}")


@pytest.mark.parametrize("to", ["+447700999999", "447700900123", "+0447", "Example", "", "+1" * 20])
def test_a_number_that_is_none_of_ours(stage: Cast, to: str) -> None:
    with structlog.testing.capture_logs() as lines:
        assert arrives(to=to).outcome == "unknown"
    assert [line["event"] for line in lines] == ["message_for_unknown_number"]
    assert not Arrival.objects.exists()
    assert not ReceivedMessage.objects.exists()
    assert counted() == []


def test_sent_to_the_last_holder_it_is_shown_to_neither(stage: Cast) -> None:
    rested(E164, NOW)
    later = NOW + timedelta(days=400)
    give(stage.other_account, stage_of.line(stage.other_account, stage.plan), E164, later)
    for sent_at in (NOW - DAY, NOW + DAY, later - timedelta(seconds=1)):
        nobodys(now=later + DAY, sent_at=sent_at)
    assert arrives(later + DAY, sent_at=later).outcome == "kept"
    assert arrives(later + DAY, sent_at=None).outcome == "kept"
    assert arrives(later + DAY, sent_at=later + 2 * DAY).outcome == "kept"


def test_had_back_it_is_the_holders_of_both_times(stage: Cast) -> None:
    take(E164, NOW)
    number = inventory.lock_number(E164)
    inventory.reclaim(number, stage.line.id, NOW + 3 * DAY)
    later = NOW + 4 * DAY
    assert arrives(later, sent_at=NOW - DAY).outcome == "kept"
    nobodys(now=later, sent_at=NOW + DAY)


def test_what_no_page_could_show_is_left_out(stage: Cast) -> None:
    message_id = arrives(text="half \ud83d nul\x00 验证码 1234", sender="x" * 200).message_id
    assert message_id is not None
    opened = inbox_queries.message_of(stage.account.id, message_id, NOW)
    assert opened is not None
    assert opened.text == "half ? nul 验证码 1234"
    assert opened.sender == "x" * 64


def test_it_does_not_open_in_another_row(stage: Cast) -> None:
    """Whoever may write to the database cannot put a message into their own inbox."""
    arrives()
    row = ReceivedMessage.objects.get()
    other = stage_of.line(stage.other_account, stage.plan)
    with pytest.raises(SealBroken):
        sealer().open(row_name(other.id, row.id), row.sealed)
    with pytest.raises(SealBroken):
        sealer().open(row_name(row.line_id, other.id), row.sealed)
    ReceivedMessage.objects.update(line_id=other.id)
    [moved] = inbox_queries.messages_of(stage.account.id, None, NOW, 10)
    assert (moved.lost, moved.text, moved.sender) == (True, "", "")
    ReceivedMessage.objects.all().delete()


def test_nothing_readable_is_stored(stage: Cast) -> None:
    arrives(sender="Schmetterling")
    with connection.cursor() as cursor:
        cursor.execute("SELECT m::text FROM messages_received m")
        [(row,)] = cursor.fetchall()
    assert MARKER not in row
    assert "582914" not in row
    assert "Schmetterling" not in row


def test_senders_are_told_apart_and_not_named(stage: Cast) -> None:
    for sender in ("A", "a", "B"):
        arrives(sender=sender)
    marks = list(ReceivedMessage.objects.values_list("sender_mark", flat=True))
    assert len(set(marks)) == 2
    give(stage.other_account, stage_of.line(stage.other_account, stage.plan), E164 + 1, NOW - DAY)
    arrives(sender="A", to=f"+{E164 + 1}")
    assert ReceivedMessage.objects.get(e164=E164 + 1).sender_mark not in marks


def test_who_listens_hears_of_the_line_alone(stage: Cast) -> None:
    statements: list[object] = []
    real = inbox.fetch_one

    def spy(statement: str, params: object = ()) -> object:
        statements.append(params)
        return real(statement, params)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inbox, "fetch_one", spy)
        arrives()
    assert statements == [(inbox.NEWS, f"{stage.account.id} {stage.line.id}")]


def test_a_policy_says_how_long(stage: Cast) -> None:
    Policy.objects.update(message_days=7, message_days_most=14)
    catalog.forget()
    catalog.policy_values.cache_clear()
    arrives()
    assert ReceivedMessage.objects.get().erase_at == NOW + timedelta(days=7)


def test_an_account_on_a_test_clock_has_its_own_time(stage: Cast) -> None:
    shown = datetime(2031, 1, 1, tzinfo=UTC)
    clock = clocks.create("later", shown, NOW)
    clocks.attach(stage.account, clock.pk)
    OwnershipPeriod.objects.update(begins_at=shown - DAY)
    assert arrives(sent_at=NOW - timedelta(seconds=1)).outcome == "kept"
    assert ReceivedMessage.objects.get().received_at == shown


def test_a_locked_number_is_a_matter_of_trying_again(
    stage: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(e164: int) -> None:
        raise OperationalError(f"canceling statement: {TEXT}")

    monkeypatch.setattr(inventory, "share_number", locked)
    with pytest.raises(FlowRefused, match="busy") as refused:
        arrives()
    assert refused.value.refusal.retryable
    assert refused.value.__suppress_context__


@pytest.mark.books_broken
@pytest.mark.parametrize(
    "change",
    [
        {"received_at": NOW - timedelta(days=30)},
        {"received_at": NOW + timedelta(days=2)},
        {"period_id": "00000000-0000-7000-8000-000000000000"},
        {"e164": E164 + 1},
    ],
)
def test_the_audit_finds_a_message_outside_its_holders_time(
    stage: Cast, change: dict[str, object]
) -> None:
    arrives()
    take(E164, NOW + DAY)
    [rule] = [one for one in invariants() if one.name.startswith("13_messages")]
    assert audit(NOW, [rule]) == []
    ReceivedMessage.objects.update(**change)
    assert len(audit(NOW, [rule])) == 1

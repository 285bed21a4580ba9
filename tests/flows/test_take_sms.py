"""take_sms: each message once, whole, to whom its number belongs; in parts, in any order."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from keepline.flows import receive_message, take_sms
from keepline.flows.errors import FlowRefused
from keepline.flows.take_sms import GAP, hand_on_late, take
from keepline.gateways.messaging.inbound import Arrived, InboundPart, InboundSms, SmsReceipt
from keepline.messages import early_receipts, heard, inbox_queries
from keepline.messages.heard import KEPT, PARTS_WAIT, REPEATED_WITHIN
from keepline.messages.heard_models import EarlyReceipt, Heard
from tests.cast import NOW, Cast, assemble
from tests.flows.inboxes import E164, MARKER, numbered

pytestmark = pytest.mark.django_db
TO = f"+{E164}"
SECOND = timedelta(seconds=1)


@pytest.fixture
def stage() -> Cast:
    return numbered(assemble())


def one(text: str = MARKER, sender: str = "Bank", digest: str = "") -> InboundSms:
    """As the SMPP adapter gives it: equal content, equal digest."""
    return InboundSms(TO, sender, text, digest or f"digest of {sender} {text}")


def parts_of(*texts: str, of: int = 7, sender: str = "Bank") -> list[Arrived]:
    return [
        InboundPart(one(text, sender, f"digest of {of} {number} {text}"), of, number, len(texts))
        for number, text in enumerate(texts, 1)
    ]


def read(stage: Cast) -> list[str]:
    """The texts that are there, oldest first."""
    found = inbox_queries.messages_of(stage.account.id, stage.line.id, NOW, 100)
    return [message.text for message in reversed(found)]


def test_a_message_is_handed_on_and_not_kept_here(stage: Cast) -> None:
    assert take([one()], NOW) == 1
    assert read(stage) == [MARKER]
    row = Heard.objects.get()
    assert (row.sealed, row.whole) == ("", "")
    assert row.done_at == NOW


def test_a_repeat_within_minutes_is_the_same(stage: Cast) -> None:
    take([one()], NOW)
    assert take([one()], NOW + REPEATED_WITHIN - SECOND) == 0
    assert take([one(), one()], NOW + REPEATED_WITHIN - SECOND) == 0
    assert read(stage) == [MARKER]


def test_the_same_words_later_are_another_message(stage: Cast) -> None:
    take([one("OK")], NOW)
    assert take([one("OK")], NOW + REPEATED_WITHIN + SECOND) == 1
    assert read(stage) == ["OK", "OK"]


def test_others_words_are_others(stage: Cast) -> None:
    assert take([one("OK", "Anna"), one("OK", "Ben")], NOW) == 2
    assert read(stage) == ["OK", "OK"]


def test_what_died_after_it_was_handed_on_is_handed_on_again_without_a_trace(
    stage: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(heard, "done", lambda ids, now: None)  # as if it died before
        take([one(), *parts_of("a", "b")], NOW)
    assert take([one()], NOW + SECOND) == 1
    assert take(parts_of("a", "b")[1:], NOW + SECOND) == 1
    assert sorted(read(stage)) == [MARKER, "ab"]


def test_what_cannot_be_kept_is_not_taken(stage: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise FlowRefused("busy")

    with monkeypatch.context() as patch:
        patch.setattr(receive_message, "receive", busy)
        with pytest.raises(FlowRefused):
            take([one()], NOW)
    assert take([one()], NOW + SECOND) == 1
    assert read(stage) == [MARKER]


class TestParts:
    def test_they_wait_for_each_other(self, stage: Cast) -> None:
        first, second, third = parts_of("验证码 ", "123456", " 请勿泄露")
        assert take([third], NOW) == 0
        assert take([first], NOW) == 0
        assert read(stage) == []
        assert take([second], NOW) == 1
        assert read(stage) == ["验证码 123456 请勿泄露"]
        assert not Heard.objects.exclude(sealed="").exists()

    def test_a_part_that_comes_twice_counts_once(self, stage: Cast) -> None:
        first, second = parts_of("a", "b")
        for part in (second, second):
            assert take([part], NOW) == 0
        assert take([second, first, second], NOW) == 1
        assert take([first], NOW + SECOND) == 0, "its repeat, when the message is whole"
        assert read(stage) == ["ab"]
        assert hand_on_late(NOW + PARTS_WAIT * 2) == 0

    def test_two_messages_at_once_do_not_mix(self, stage: Cast) -> None:
        one_by_one = [*parts_of("a", "b", of=1), *parts_of("c", "d", of=2)]
        other_sender = parts_of("e", "f", of=1, sender="Shop")
        mixed = [*one_by_one, *other_sender]
        random.Random(4).shuffle(mixed)
        for part in mixed:
            take([part], NOW)
        assert sorted(read(stage)) == ["ab", "cd", "ef"]

    def test_a_number_used_again_is_another_message(self, stage: Cast) -> None:
        take(parts_of("a", "b"), NOW)
        take(parts_of("c", "d"), NOW + SECOND)
        assert read(stage) == ["ab", "cd"]

    def test_what_is_missing_is_shown_as_missing(self, stage: Cast) -> None:
        first, _, third, _ = parts_of("a", "b", "c", "d")
        take([first, third], NOW)
        assert hand_on_late(NOW + PARTS_WAIT - SECOND) == 0
        assert hand_on_late(NOW + PARTS_WAIT) == 1
        assert hand_on_late(NOW + PARTS_WAIT) == 0
        assert read(stage) == [f"a{GAP}c{GAP}"]

    def test_what_waits_cannot_be_read_in_the_database(self, stage: Cast) -> None:
        take(parts_of(MARKER, "b")[:1], NOW)
        with connection.cursor() as cursor:
            cursor.execute("SELECT messages_heard::text FROM messages_heard")
            (row,) = cursor.fetchone()
        assert MARKER not in row
        assert "Bank" not in row
        assert str(E164) not in row

    def test_a_digest_is_of_no_use_without_our_key(self, stage: Cast, settings: object) -> None:
        before = heard.mark("guessed")
        settings.SECRET_KEY = "another " * 8  # type: ignore[attr-defined]
        assert heard.mark("guessed") != before


@given(st.data())
def test_any_order_any_repeats_any_batches(data: st.DataObject) -> None:
    """Without a database: what is joined is what was cut."""
    texts = data.draw(st.lists(st.text(max_size=5), min_size=2, max_size=5))
    pieces = [take_sms._piece(part) for part in parts_of(*texts)]
    shuffled = data.draw(st.permutations([*pieces, *data.draw(st.lists(st.sampled_from(pieces)))]))
    by_id = {piece.id: piece for piece in shuffled if piece is not None}
    waiting = sorted(by_id.values(), key=lambda piece: piece.number)
    inbound, ids = take_sms._joined(waiting)
    assert inbound.text == "".join(texts)
    assert set(ids) == set(by_id)


def test_receipts_wait_for_their_message_and_the_last_word_counts() -> None:
    take([SmsReceipt("7", "refused", "UNDELIV"), SmsReceipt("7", "delivered", "DELIVRD")], NOW)
    take([SmsReceipt("8", "delivered", "DELIVRD")], NOW)
    take([SmsReceipt("8", "refused", "EXPIRED")], NOW + SECOND)
    rows = EarlyReceipt.objects.order_by("reference").values_list("reference", "told", "code")
    assert list(rows) == [("7", "delivered", "DELIVRD"), ("8", "refused", "EXPIRED")]
    assert early_receipts.forget(NOW + timedelta(days=3)) == 0
    assert early_receipts.forget(NOW + timedelta(days=4)) == 2


def test_what_is_done_is_forgotten(stage: Cast) -> None:
    take([one(), parts_of("a", "b")[0]], NOW)
    assert heard.forget(NOW + KEPT) == 0
    assert heard.forget(NOW + KEPT + SECOND) == 1
    assert Heard.objects.count() == 1, "a part that waits stays"

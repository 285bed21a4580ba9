"""Events to programs: what they say, in order, again and again for days, and when it ends."""

from datetime import datetime, timedelta
from itertools import accumulate

import pytest
from standardwebhooks import Webhook

from keepline.core.retries import WEBHOOK_PAUSES
from keepline.flows import renew_line
from keepline.flows.change_endpoint import change_endpoint
from keepline.flows.hooking.kinds import KINDS
from keepline.gateways import switchboard
from keepline.messages import endpoints
from keepline.messages import services as outbox
from keepline.messages.models import Delivery, Outbox
from tests.cast import NOW, Cast, assemble
from tests.doubles import Mailbox
from tests.flows.acts import request
from tests.flows.endpoints import OPERATOR, connect, owner_of, receiver
from tests.gateways.outer_world import hang
from tests.telling import tell, tell_all

pytestmark = pytest.mark.django_db
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def mailbox() -> Mailbox:
    found = Mailbox()
    switchboard.connect("email", lambda: found)
    return found


@pytest.fixture
def cast() -> Cast:
    connect(total_s=0.5)
    return assemble()


def happens(cast: Cast, kind: str = "line.blocked", at: datetime = NOW) -> None:
    outbox.put_all([(kind, cast.account.id, cast.line.id)], at)


def sent_on() -> Delivery:
    return Delivery.objects.get(channel="webhook")


def test_an_event_is_a_cloud_event_with_states_and_minor_units(cast: Cast) -> None:
    with receiver(owner_of(cast)) as program:
        renew_line.start(request(cast), NOW)
        tell(NOW)
    headers, body = program.heard()[0]
    event = Webhook(program.secret).verify(body, headers)
    row = Outbox.objects.get(kind="line.renewed")
    assert headers["webhook-id"] == event["id"] == str(row.id)
    assert {
        "specversion": "1.0",
        "type": "line.renewed",
        "source": switchboard.public_url(),
        "subject": str(cast.line.id),
        "time": "2026-03-10T12:00:00Z",
        "datacontenttype": "application/json",
    }.items() <= event.items()
    assert event["sequence"] == f"{int(NOW.timestamp()) * 10**6:020d}-{row.id}"
    data = event["data"]
    assert (data["account_id"], data["line_id"]) == (str(cast.account.id), str(cast.line.id))
    assert data["order"]["state"] == "completed"
    assert (data["order"]["total_minor"], data["order"]["currency"]) == (300, "USD")
    assert data["order"]["valid_until_after"] == "2026-04-20T11:00:00Z"


def test_an_event_about_a_line_tells_its_state_and_nobodys_number(cast: Cast) -> None:
    with receiver(owner_of(cast)) as program:
        happens(cast)
        tell(NOW)
    (event,) = program.events()
    assert event["data"]["line"] == {
        "state": "active",
        "valid_until": "2026-03-20T12:00:00Z",
        "withdrawn_at": "2026-06-18T12:00:00Z",
        "auto_renew": False,
    }
    assert "alice" not in str(event).lower()


def test_in_order_for_each_line(cast: Cast) -> None:
    with receiver(owner_of(cast)) as program:
        for second in range(5):
            happens(cast, at=NOW + timedelta(seconds=second))
        tell(NOW + timedelta(minutes=1))
    sequences = [event["sequence"] for event in program.events()]
    assert len(sequences) == 5
    assert sequences == sorted(sequences)


def test_each_gets_what_it_asked_for_and_its_own(cast: Cast) -> None:
    other = assemble(suffix="2", code="plan-2")
    with (
        receiver(owner_of(cast)) as everything,
        receiver(owner_of(cast), kinds=("line.unblocked",)) as some,
        receiver(owner_of(other)) as theirs,
        receiver(OPERATOR) as operators,
    ):
        happens(cast)
        happens(cast, "line.unblocked")
        happens(other)
        for _ in range(3):
            tell(NOW)
    assert [event["type"] for event in everything.events()] == ["line.blocked", "line.unblocked"]
    assert [event["type"] for event in some.events()] == ["line.unblocked"]
    assert {event["data"]["account_id"] for event in theirs.events()} == {str(other.account.id)}
    assert len(operators.events()) == 3


def test_one_that_answers_500_is_tried_for_days_and_then_laid_aside(cast: Cast) -> None:
    with receiver(owner_of(cast), BUSY) as program:
        happens(cast)
        tell(NOW)
        tried_at = NOW
        for pause in WEBHOOK_PAUSES:
            due_at = sent_on().due_at
            assert due_at is not None
            assert pause <= due_at - tried_at <= pause * 9 / 8
            tell(due_at - timedelta(seconds=1))
            tried_at = due_at
            ways_rest_no_more()
            tell(due_at)
    assert len(program.requests) == len(WEBHOOK_PAUSES) + 1
    row = sent_on()
    assert (row.outcome, row.reason, row.due_at) == ("laid_aside", "503", None)
    assert list(accumulate(WEBHOOK_PAUSES))[-1] > timedelta(days=3)
    assert len({event["id"] for event in program.events()}) == 1


def ways_rest_no_more() -> None:
    """The compartments' rests are in real seconds, which no test waits for."""
    from keepline.flows.telling import ways

    ways.way("webhook")._compartments._known.clear()  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def rested() -> None:
    ways_rest_no_more()


def test_one_that_answers_410_is_switched_off_with_a_notice(cast: Cast, mailbox: Mailbox) -> None:
    with receiver(owner_of(cast), GONE) as program:
        happens(cast)
        tell(NOW)
        endpoint = owner_of(cast).endpoint(program.id)
        assert (endpoint.is_on, endpoint.off_reason) == (False, "gone")
        assert sent_on().outcome == "refused"
        happens(cast)
        tell_all(NOW + timedelta(minutes=1))
    assert len(program.requests) == 1
    (letter,) = [one for one in mailbox.sent if "webhook" in one.subject]
    assert letter.to == "alice@example.com"
    assert "/account/webhooks/" in letter.text


def test_one_that_fails_for_five_days_is_switched_off_once(cast: Cast, mailbox: Mailbox) -> None:
    with receiver(owner_of(cast), BUSY) as program:
        happens(cast)
        tell(NOW)
        assert owner_of(cast).endpoint(program.id).failing_since == NOW
        almost, then = NOW + timedelta(days=4, hours=23), NOW + timedelta(days=5)
        happens(cast, at=almost)
        tell(almost)
        assert owner_of(cast).endpoint(program.id).is_on
        Delivery.objects.filter(channel="webhook").update(due_at=then)
        ways_rest_no_more()
        tell(then)
        tell_all(then + timedelta(hours=1))
    endpoint = owner_of(cast).endpoint(program.id)
    assert (endpoint.off_since, endpoint.off_reason) == (then, "failing")
    assert len([one for one in mailbox.sent if "webhook" in one.subject]) == 1


def test_an_answer_forgives(cast: Cast) -> None:
    with receiver(owner_of(cast)) as program:
        endpoints.note_failure(program.id, NOW - timedelta(days=4))
        happens(cast)
        tell(NOW)
    assert owner_of(cast).endpoint(program.id).failing_since is None


def test_the_operators_is_switched_off_without_a_letter(cast: Cast, mailbox: Mailbox) -> None:
    with receiver(OPERATOR, GONE) as program:
        happens(cast)
        tell_all(NOW)
    assert not OPERATOR.endpoint(program.id).is_on
    assert not [one for one in mailbox.sent if "webhook" in one.subject]


def test_what_is_on_its_way_to_one_that_is_switched_off_is_not_sent(cast: Cast) -> None:
    with receiver(owner_of(cast), BUSY) as program:
        happens(cast)
        tell(NOW)
        change_endpoint(owner_of(cast), program.id, NOW, on=False)
        due_at = sent_on().due_at
        assert due_at is not None
        tell(due_at)
    assert len(program.requests) == 1
    assert sent_on().outcome == "no_address"


def test_one_that_hangs_uses_few_tries_and_holds_no_other(cast: Cast) -> None:
    """Its compartment closes: what comes then is not tried, and is nobody's try."""
    with receiver(owner_of(cast), hang) as hangs, receiver(OPERATOR) as good:
        others = [assemble(suffix=f"{n}", code=f"plan-{n}") for n in range(4)]
        for one in (cast, *others):
            happens(one)
        lines = [happens_on_new_line(cast, n) for n in range(6)]
        tell(NOW)
    assert len(good.requests) == 5 + len(lines)
    assert len(hangs.requests) == 3, "then it rests"
    rows = Delivery.objects.filter(recipient=f"endpoint:{hangs.id}")
    assert rows.filter(reason="late").count() == 3
    waiting = rows.filter(reason="waits for the endpoint")
    assert waiting.count() == len(lines) + 1 - 3
    assert {row.attempts for row in waiting} == {1}


def happens_on_new_line(cast: Cast, number: int) -> None:
    from tests.cast import line

    made = line(cast.account, cast.plan)
    outbox.put_all([("line.blocked", cast.account.id, made.id)], NOW)


def test_an_address_that_leads_inside_by_now_is_not_called(cast: Cast) -> None:
    with receiver(owner_of(cast)) as program:
        connect(loopback=False)
        happens(cast)
        tell(NOW)
    assert program.requests == []
    assert sent_on().reason == "scheme"


def test_the_kinds_are_those_that_people_choose_by() -> None:
    assert "line.renewed" in KINDS
    assert "endpoint.switched_off" not in KINDS, "programs are not told of themselves"

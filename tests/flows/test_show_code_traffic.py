"""show_code_traffic: lines with codes of many senders, as counts."""

from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
import time_machine
from django.conf import settings

from keepline.flows.show_code_traffic import show_code_traffic
from keepline.workers import tasks
from tests.cast import NOW, Cast, assemble
from tests.flows.inboxes import arrives, numbered

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, code_senders_a_day=3))
    return numbered(assemble())


def codes(*senders: str) -> None:
    for sender in senders:
        arrives(sender=sender)


def test_from_so_many_senders_on(stage: Cast) -> None:
    codes("A", "B", "B", "B")
    assert show_code_traffic(NOW).lines == []
    codes("C")
    [line] = show_code_traffic(NOW).lines
    assert (line.line_id, line.senders, line.codes, line.last_at) == (stage.line.id, 3, 5, NOW)
    assert show_code_traffic(NOW + timedelta(days=1)).lines == []


def test_messages_without_a_code_do_not_count(stage: Cast) -> None:
    for sender in "ABCD":
        arrives(sender=sender, text="Hello")
    assert show_code_traffic(NOW).lines == []


def test_an_operator_may_not_want_it(stage: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    codes("A", "B", "C")
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, code_senders_a_day=0))
    assert show_code_traffic(NOW).lines == []


def test_it_is_logged_without_numbers_or_words(
    stage: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)  # it is the test's own
    codes("A", "B", "C")
    with time_machine.travel(NOW, tick=False), structlog.testing.capture_logs() as lines:
        tasks.watch_codes(0)
    assert lines == [
        {
            "event": "codes_from_many_services",
            "log_level": "error",
            "line": str(stage.line.id),
            "senders": 3,
        }
    ]

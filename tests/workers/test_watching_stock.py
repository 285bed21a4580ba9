"""Every hour workers say which pools run low, and of the others nothing."""

import pytest
from structlog.testing import capture_logs

from keepline.workers import tasks
from tests.inventory import shelves


@pytest.mark.django_db
def test_low_pools_are_logged_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)  # it is the test's own
    shelves.numbers(shelves.pool("good", low_count=3), 3)
    shelves.numbers(shelves.pool("low", low_count=4), 3, shelves.FIRST + 10)
    shelves.pool("empty", "card", low_days=14)
    with capture_logs() as logged:
        tasks.watch_stock(0)
    assert [(line["event"], line["pool"], line["free"], line["days_left"]) for line in logged] == [
        ("stock_low", "empty", 0, 0),
        ("stock_low", "low", 3, None),
    ]
    assert {line["log_level"] for line in logged} == {"error"}

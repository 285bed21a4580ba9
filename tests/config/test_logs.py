"""What a log line holds when something failed."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from keepline.config import logs


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def fail() -> None:
    code = "-".join(["48", "15"])  # noqa: F841 - a local variable that no log may show
    raise ValueError("boom")


@pytest.mark.parametrize("by_structlog", [True, False])
@pytest.mark.parametrize("form", ["json", "console"])
def test_a_failure_is_logged_with_its_traceback(
    form: str, by_structlog: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure({"format": form})
    try:
        fail()
    except ValueError:
        if by_structlog:
            structlog.get_logger().exception("due_work_failed", order="17")
        else:
            logging.getLogger("django.request").exception("due_work_failed")
    said = capsys.readouterr().err
    text = json.loads(said)["exception"] if form == "json" else said
    assert "Traceback (most recent call last)" in text
    assert "in fail" in text
    assert "ValueError: boom" in text
    assert "48-15" not in said
    if form == "json":
        line = json.loads(said)
        assert line["event"] == "due_work_failed"
        assert not {"exc_info", "_record"} & set(line)

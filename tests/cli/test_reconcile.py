"""`keepline reconcile`, on a test's base: what it says, and how it ends."""

import pytest

from tests.cli.test_audit import keepline

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_unknown_provider_is_named_with_those_there_are(
    process_environment: dict[str, str],
) -> None:
    told = keepline("reconcile", process_environment, "nobody")
    assert told.returncode == 1
    assert "Connected are: sandbox" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_span_that_ends_before_it_begins(process_environment: dict[str, str]) -> None:
    told = keepline(
        "reconcile", process_environment, "sandbox", "--from", "2026-03-02", "--to", "2026-02-27"
    )
    assert told.returncode == 1
    assert "The span ends before it begins." in told.stderr


def test_a_provider_that_is_down_is_said(process_environment: dict[str, str]) -> None:
    told = keepline("reconcile", process_environment, "sandbox")
    assert told.returncode == 1
    assert "sandbox gave no answer" in told.stderr

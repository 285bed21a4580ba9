"""The door at which the identity provider tells results."""

from collections.abc import Mapping

import pytest
import time_machine
from django.test import Client

from keepline.accounts.models import IdentityCheck
from tests.cast import NOW, assemble
from tests.flows.checking import begun
from tests.identity import ScriptedChecker, checker

__all__ = ["checker"]
pytestmark = pytest.mark.django_db
URL = "/webhooks/identity/"


def post(headers: Mapping[str, str], body: bytes) -> int:
    return (
        Client(enforce_csrf_checks=True)
        .post(URL, body, content_type="application/json", headers=dict(headers))
        .status_code
    )


@time_machine.travel(NOW, tick=False)
def test_heard_once_and_again(checker: ScriptedChecker) -> None:
    row = begun(assemble())
    checker.decide(row.id)
    headers, body = checker.callback(row.id, NOW)
    assert [post(headers, body) for _ in range(2)] == [204, 204]
    assert IdentityCheck.objects.get().state == "verified"


@time_machine.travel(NOW, tick=False)
def test_not_believed(checker: ScriptedChecker) -> None:
    row = begun(assemble())
    checker.decide(row.id)
    headers, body = checker.callback(row.id, NOW)
    assert post({}, body) == 403
    assert post(headers, body + b" ") == 403
    assert post(headers, b"x" * 300_000) == 413
    assert Client().get(URL).status_code == 405
    assert IdentityCheck.objects.get().state == "pending"


def test_there_is_no_such_door_without_a_provider() -> None:
    assert post({}, b"{}") == 404

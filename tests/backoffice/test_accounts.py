"""Staff see how far an account's identity check has come, and say how many lines it may have."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from keepline.accounts import identity
from keepline.accounts.models import Account
from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.identity_check import IdentityEvent
from tests.cast import Cast

REAL = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def page(stage: Cast) -> str:
    return f"/backoffice/lines/{stage.line.id}/"


def body(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_check_without_any_document(stage: Cast, page: str, olga: Client) -> None:
    assert "not asked" in body(olga, page)
    row = identity.begin(stage.account.id, "bridge", "user:1", REAL, REAL)
    assert "under way" in body(olga, page)
    identity.transition(
        row, IdentityEvent.REFUSE, REAL, reason="too_young", country="GB", of_age=False
    )
    shown = body(olga, page)
    for said in ("did not go through", "1 March 2026", "United Kingdom", "not of age", "the law"):
        assert said in shown


def test_the_cap_is_set_with_a_reason(stage: Cast, page: str, olga: Client) -> None:
    cap = f"{page}cap/"
    Account.objects.update(line_cap=None)
    assert "as all others" in body(olga, page)
    assert "Lines at most" in body(olga, cap)
    for wrong in ({"cap": "30"}, {"cap": "-1", "reason": "why"}, {"cap": "many", "reason": "why"}):
        assert olga.post(cap, wrong).status_code == 400
    assert olga.post(cap, {"cap": "30", "reason": "a fleet of taxis"}).status_code == 302
    assert Account.objects.get(id=stage.account.id).line_cap == 30
    act = AuditEvent.objects.get(action="account.line_cap_set")
    assert (act.reason, act.actor[:6], act.account_id) == (
        "a fleet of taxis",
        "staff:",
        stage.account.id,
    )
    assert 'value="30"' in body(olga, cap)
    assert olga.post(cap, {"cap": "", "reason": "sold them"}).status_code == 302
    assert Account.objects.get(id=stage.account.id).line_cap is None


def test_for_others_the_page_does_not_exist(stage: Cast, page: str, alice: Client) -> None:
    given = {"cap": "30", "reason": "mine"}
    assert alice.get(f"{page}cap/").status_code == 404
    assert alice.post(f"{page}cap/", given).status_code == 404
    assert Client().post(f"{page}cap/", given).status_code == 302
    assert not Account.objects.filter(line_cap=30).exists()

"""The page of the future: for staff only, at once or by a worker, today's and a proposed policy."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from keepline.accounts.models import User
from keepline.flows.foreseeing import asking
from keepline.flows.show_future import FutureRequest
from tests.cast import Cast

PAGE = "/backoffice/future/"
FIELDS = {
    "propose": "1",
    "days": "180",
    "code": "every-policy",
    "grace_days": "10",
    "suspended_days": "20",
    "quarantine_days": "60",
    "retry_days": "-3, 0",
    "remind_before_expiry_days": "7",
    "remind_after_expiry_days": "",
    "remind_before_withdrawal_days": "3",
    "text": "",
}


def text(client: Client, **asked: str) -> str:
    answer = client.get(PAGE, asked)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_a_visitor_is_asked_to_sign_in(stage: Cast) -> None:
    answer = Client().get(PAGE)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_for_others_it_does_not_exist(alice: Client) -> None:
    assert alice.get(PAGE).status_code == 404


def test_staff_that_became_inactive_see_nothing(olga: Client) -> None:
    User.objects.filter(email="olga@example.com").update(is_active=False)
    assert olga.get(PAGE).status_code in {302, 404}


def test_staff_without_lines_start_here(olga: Client) -> None:
    answer = olga.get("/")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)


@pytest.mark.parametrize("days", ["90", "180", "365", "7", "x"])
def test_it_says_what_would_happen(olga: Client, days: str) -> None:
    page = text(olga, days=days)
    assert "What the clock would do to 1 line if nobody did anything." in page
    chosen = days if days in {"90", "180", "365"} else "365"
    assert re.search(rf'days={chosen}" aria-current="page"', page)
    assert "Lines at the end of each week" in page


def test_each_plot_has_its_table_and_no_inline_style(olga: Client) -> None:
    page = text(olga)
    assert page.count("<svg viewBox") >= page.count('class="plot-table"') == 8
    assert "style=" not in page
    assert page.count('<th scope="row">') == 8 * 53


def test_a_proposed_policy_stands_beside(olga: Client) -> None:
    page = text(olga, **FIELDS)
    assert "Lines affected" in page
    assert "proposed" in page
    assert "Stands in for" in page


def test_a_pasted_file_goes_before_the_fields(olga: Client) -> None:
    pasted = """
[policy]
code = "test"
grace_days = 1
suspended_days = 2
reclaim_days = 1
quarantine_days = 50
grace_rule = "from_payment"
source = "https://example.com"
"""
    page = text(olga, propose="1", days="90", text=pasted)
    assert "Accounts affected" in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"grace_days": "-1"},
        {"grace_days": "many"},
        {"quarantine_days": "3"},
        {"retry_days": "soon"},
        {"retry_days": "99999"},
        {"code": "no-such"},
        {"text": "[policy"},
        {"text": "\x00"},
        {"text": "x" * 5000},
    ],
)
def test_what_cannot_be_is_said_and_today_is_shown(olga: Client, wrong: dict[str, str]) -> None:
    answer = olga.get(PAGE, FIELDS | wrong)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "errorlist" in page
    assert "What the clock would do" in page


def test_in_chinese(olga: Client) -> None:
    User.objects.filter(email="olga@example.com").update(language="zh-hans")
    page = text(olga, **FIELDS)
    assert "用户群的未来" in page
    assert "受影响的线路" in page


def test_a_large_base_is_left_to_a_worker(olga: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(asking, "LINES_AT_ONCE", 0)
    waiting: list[str] = []
    monkeypatch.setattr(asking.wake, "future", waiting.append)
    assert "A worker simulates the base: 0 per cent." in text(olga, days="90")
    assert "A worker simulates the base" in text(olga, days="90")
    assert len(waiting) == 1  # asked for once, however often the page looks
    asking.work_out(waiting[0], timezone.now())
    assert "What the clock would do to 1 line" in text(olga, days="90")
    assert asking.foresee(FutureRequest(days=180), timezone.now()).view is None
    asking.work_out("future:nobody-asked", timezone.now())

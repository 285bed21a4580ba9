"""Auto-renew by the switch on the line's page and the page behind it; bringing a line back."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from keepline.accounts.models import Membership, Role
from keepline.catalog.models import Plan, Policy
from keepline.core.agenda import Step
from keepline.core.lifecycle.line import LineState
from keepline.flows.errors import CATALOGUE
from keepline.flows.sweep_lines import sweep
from keepline.ledger.models import Wallet
from keepline.lines.models import Line, Validity
from keepline.orders.models import Order
from tests import cast
from tests.cast import NOW, Cast
from tests.portal.acts import KEY, renew_url
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def page_of(line: Line) -> str:
    return f"/lines/{line.id}/"


def clock_of(line: Line) -> Validity:
    row: Validity = Validity.objects.by_id(line.id)
    return row


def form_on(page: str, action: str, saying: str = "") -> dict[str, str]:
    """The hidden fields of the first form that goes to `action` and says so."""
    forms = re.findall(rf'<form[^>]*action="{action}"[^>]*>(.*?)</form>', page, re.DOTALL)
    found = next(form for form in forms if saying in form)
    return {name: value for name, value in FIELD.findall(found) if name != "csrfmiddlewaretoken"}


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return re.sub(r"<time[^>]*>|</time>", "", answer.content.decode())


def test_the_switch_on_the_lines_page(stage: Cast, alice: Client) -> None:
    url = page_of(stage.line)
    page = text(alice, url)
    assert "Auto-renew" in page
    assert "US$10.00 is in it, which is enough." in page
    on = form_on(page, f"{url}auto-renew/", "Switch on")
    assert on == {"enabled": "on", "lead": "", "method": "", "plan": "keep-1m:300:USD"}
    answer = alice.post(f"{url}auto-renew/", on)
    assert (answer.status_code, answer["Location"]) == (302, url)
    page = text(alice, url)
    assert "Saved. Auto-renew is on." in page
    assert "Renews by itself on 17 March" in page  # the first try, not the expiry
    off = form_on(page, f"{url}auto-renew/", "Switch off")
    alice.post(f"{url}auto-renew/", off)
    assert not clock_of(stage.line).auto_renew
    assert "Runs out on 20 March" in text(alice, url)


def test_the_page_for_plan_and_days(stage: Cast, alice: Client) -> None:
    yearly = cast.plan("keep-1y", term="P1Y", price_minor=900)
    url = f"{page_of(stage.line)}auto-renew/"
    page = text(alice, url)
    assert (
        "It is tried 3, 2 and 1 days before it runs out, on the day on which it runs out, " in page
    )
    assert "sandbox" not in page  # nothing but the wallet pays by itself
    alice.post(url, {"enabled": "on", "plan": "keep-1y:900:USD", "lead": "1"})
    row = clock_of(stage.line)
    assert (row.auto_renew, row.plan_id, row.lead_days) == (True, yearly.id, 1)
    assert "Renews by itself on 19 March" in text(alice, page_of(stage.line))
    assert '<option value="1" selected>' in text(alice, url)
    off = form_on(text(alice, page_of(stage.line)), url, "Switch off")
    alice.post(url, off)  # the switch leaves plan and days as they are
    assert (clock_of(stage.line).plan_id, clock_of(stage.line).lead_days) == (yearly.id, 1)


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({}, 422, None),
        ({"enabled": "maybe"}, 422, None),
        ({"enabled": "on", "plan": "keep-1m"}, 422, "plan_not_for_line"),
        ({"enabled": "on", "plan": "nothing:300:USD"}, 422, "plan_not_for_line"),
        ({"enabled": "on", "plan": "keep-1m:299:USD"}, 409, "price_changed"),
        ({"enabled": "on", "plan": "keep-1m:300:EUR"}, 409, "price_changed"),
        ({"enabled": "on", "lead": "-1"}, 422, "lead_refused"),
        ({"enabled": "on", "lead": "７"}, 422, "lead_refused"),
        ({"enabled": "on", "lead": "30"}, 422, "lead_refused"),
    ],
    ids=str,
)
def test_what_no_form_of_ours_sends(
    form: dict[str, str], status: int, code: str | None, stage: Cast, alice: Client
) -> None:
    answer = alice.post(f"{page_of(stage.line)}auto-renew/", form)
    assert answer.status_code == status
    assert code is None or CATALOGUE[code].title in answer.content.decode()
    assert not clock_of(stage.line).auto_renew


def test_a_dearer_plan_waits_for_a_yes(stage: Cast, alice: Client) -> None:
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True)
    Plan.objects.filter(id=stage.plan.id).update(sold_until_at=NOW)
    page = text(alice, page_of(stage.line))
    assert "its plan is not sold any more" in page
    cast.plan(stage.plan.code, version=2, price_minor=500)
    page = text(alice, page_of(stage.line))
    assert "its plan costs more now and waits for your word" in page
    assert "The plan costs US$5.00 now; you agreed to US$3.00." in page
    url = f"{page_of(stage.line)}auto-renew/"
    alice.post(url, form_on(page, url, "Agree to US$5.00"))
    page = text(alice, page_of(stage.line))
    assert "Renews by itself on 17 March" in page
    assert "We need your word" not in page


def test_a_plan_that_gives_less_waits_for_a_yes(stage: Cast, alice: Client) -> None:
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True)
    Plan.objects.filter(id=stage.plan.id).update(sold_until_at=NOW)
    cast.plan(stage.plan.code, version=2, term="P2W")
    page = text(alice, page_of(stage.line))
    assert "its plan gives less now and waits for your word" in page
    assert "The plan gives less than the one you agreed to" in page


def test_a_wallet_that_will_be_short_is_told_in_time(stage: Cast, alice: Client) -> None:
    dear = cast.plan("dear", price_minor=1_250)
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True, plan_id=dear.id)
    assert "the wallet is US$2.50 short" in text(alice, "/")
    page = text(alice, page_of(stage.line))
    assert "The wallet is US$2.50 short. Put money in before 17 March 2026" in page
    assert "US$10.00 is in it, US$2.50 too little." in page


def test_a_wallet_that_may_yet_be_filled_is_no_cause_for_alarm(stage: Cast, alice: Client) -> None:
    dear = cast.plan("dear", price_minor=1_250)
    made = cast.line(stage.account, dear, valid_until=NOW + 100 * DAY)
    Validity.objects.filter(id=made.id).update(auto_renew=True)
    page = text(alice, page_of(made))
    assert "Renews by itself on 15 June if the wallet then holds US$12.50" in page
    assert "Put money in" not in page


@pytest.mark.parametrize(
    ("service", "said", "on_card"),
    [
        ("full", "Everything still works.", "Works until 8 April"),
        ("inbound", "It still receives; nothing goes out.", "Receives until 8 April"),
        ("none", "Nothing works until it is renewed.", "Nothing works; number withdrawn on 7 June"),
    ],
)
def test_in_grace_the_page_says_what_works_and_until_when(
    service: str, said: str, on_card: str, stage: Cast, alice: Client
) -> None:
    Policy.objects.update(grace_service=service)
    fields = {"state": LineState.GRACE, "e164": 447700900123}
    made = cast.line(stage.account, stage.plan, valid_until=NOW - DAY, **fields)
    page = text(alice, page_of(made))
    assert said in page
    assert "The number is kept for you until 7 June 2026" in page
    assert "89 days to bring it back" in page.replace("\xa0", " ")
    assert on_card in text(alice, "/")


def lapsed(stage: Cast, state: LineState = LineState.SUSPENDED) -> Line:
    return cast.line(stage.account, stage.plan, valid_until=NOW - 40 * DAY, state=state)


def test_one_click_brings_it_back_and_two_clicks_pay_once(stage: Cast, alice: Client) -> None:
    made = lapsed(stage)
    forms = [
        form_on(text(alice, page_of(made)), f"{page_of(made)}renew/", "Bring it back for US$3.00")
        for _ in range(2)  # the page was opened twice
    ]
    answers = [alice.post(f"{page_of(made)}renew/", form) for form in forms]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Order.objects.filter(line_id=made.id, kind="renewal").count() == 1


def test_a_click_does_not_do_where_the_wallet_is_short(stage: Cast, alice: Client) -> None:
    made = lapsed(stage)
    dear = cast.plan("dear", price_minor=1_250)
    Validity.objects.filter(id=made.id).update(plan_id=dear.id)
    page = text(alice, page_of(made))
    assert "from the wallet</button>" not in page
    assert f'href="{page_of(made)}renew/"' in page


def test_the_form_renews_what_the_page_showed_and_nothing_else(stage: Cast, alice: Client) -> None:
    order_page = text(alice, f"{renew_url(stage)}?key={KEY}&plan=keep-1m")
    form = form_on(order_page, renew_url(stage)) | {"pay": "only:"}
    Validity.objects.filter(id=stage.line.id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=NOW
    )
    assert sweep(NOW)["renewed"] == 1
    answer = alice.post(renew_url(stage), form)
    page = answer.content.decode()
    assert (answer.status_code, CATALOGUE["line_changed"].title in page) == (409, True)
    assert Wallet.objects.by_id(stage.wallet_id).posted_minor == 700
    # The fresh preview asks anew, and its form is taken.
    again = form_on(page, renew_url(stage)) | {"pay": "only:"}
    assert again["expected_valid_until"] != form["expected_valid_until"]
    assert alice.post(renew_url(stage), again).status_code == 302
    assert Wallet.objects.by_id(stage.wallet_id).posted_minor == 400


@pytest.mark.parametrize("seen", ["yesterday", "2026-03-20", "2026-03-20T12:00:00+00:00x"])
def test_an_expiry_that_nobody_showed(seen: str, stage: Cast, alice: Client) -> None:
    form = {"plan": "keep-1m", "key": KEY, "pay": "only:", "expected_total_minor": "300"}
    answer = alice.post(renew_url(stage), form | {"expected_valid_until": seen})
    assert answer.status_code == 409
    assert not Order.objects.filter(kind="renewal").exists()


def test_who_may_only_look_sees_it_and_changes_nothing(stage: Cast) -> None:
    Membership.objects.filter(user=stage.bob).update(role=Role.SEE)
    made = lapsed(stage)
    bob = signed_in("bob@example.com")
    for line in (stage.line, made):
        page = text(bob, page_of(line))
        assert "Auto-renew" in page
        assert "auto-renew/" not in page
        assert "renew/" not in page
    assert bob.post(f"{page_of(made)}auto-renew/", {"enabled": "on"}).status_code == 403


@pytest.mark.parametrize("state", [LineState.TERMINATED, LineState.BLOCKED, LineState.READY])
def test_a_state_that_does_not_renew_by_itself(
    state: LineState, stage: Cast, alice: Client
) -> None:
    made = cast.line(stage.account, stage.plan, state=state)
    assert "Switch on" not in text(alice, page_of(made))
    page = text(alice, f"{page_of(made)}auto-renew/")
    assert "This line does not renew by itself" in page
    answer = alice.post(f"{page_of(made)}auto-renew/", {"enabled": "on"})
    assert (answer.status_code, clock_of(made).auto_renew) == (409, False)


def test_the_last_hours_are_counted(stage: Cast, alice: Client) -> None:
    with time_machine.travel(NOW + 9 * DAY + timedelta(hours=19), tick=False):
        assert "5 hours left" in text(alice, page_of(stage.line)).replace("\xa0", " ")

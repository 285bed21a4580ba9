"""Your accounts: what is on file is offered, taken over by a press, and chosen between."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from keepline.accounts.models import Account, Membership
from keepline.flows import renew_line
from tests.cast import NOW, Cast, account, person
from tests.flows.acts import request
from tests.flows.claiming import unclaimed
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/account/accounts/"


def body(client: Client, url: str = PAGE) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def erika(stage: Cast) -> Client:
    account(person("erika"))
    return signed_in("erika@example.com")


def test_an_empty_page_leads_to_what_was_kept(erika: Client) -> None:
    assert "We have kept lines for you" not in body(erika, "/")
    kept = unclaimed("erika@example.com", suffix="2")
    assert "We have kept lines for you" in body(erika, "/")
    page = body(erika)
    assert "1 line on file" in page
    assert kept.account.name not in page
    done = erika.post(f"{PAGE}{kept.account.id}/claim/", follow=True)
    assert done.redirect_chain == [("/", 302)]
    said = done.content.decode()
    assert "It is yours now" in said
    assert f"/lines/{kept.line.id}/" in said
    assert kept.account.name in body(erika)


def test_one_goes_back_and_forth(erika: Client) -> None:
    own = Membership.objects.get(user__email="erika@example.com").account_id
    kept = unclaimed("erika@example.com", suffix="2")
    erika.post(f"{PAGE}{kept.account.id}/claim/")
    erika.post(f"{PAGE}{own}/choose/")
    assert "No line yet" in body(erika, "/")
    erika.post(f"{PAGE}{kept.account.id}/choose/")
    assert f"/lines/{kept.line.id}/" in body(erika, "/")


def test_what_is_anothers_is_not_there(erika: Client, stage: Cast) -> None:
    kept = unclaimed("somebody@example.com", suffix="2")
    assert "on file under" not in body(erika)
    for url in (f"{kept.account.id}/claim/", f"{stage.account.id}/claim/"):
        assert erika.post(PAGE + url).status_code == 404
    assert erika.post(f"{PAGE}{stage.account.id}/choose/").status_code == 404
    assert erika.get(f"{PAGE}{kept.account.id}/claim/").status_code == 405
    assert not Membership.objects.filter(account_id=kept.account.id).exists()


def test_many_accounts_cost_the_queries_of_one(erika: Client) -> None:
    body(erika)
    with CaptureQueriesContext(connection) as before:
        body(erika)
    for n in range(2, 6):
        kept = unclaimed("erika@example.com", suffix=str(n))
        if n % 2:
            erika.post(f"{PAGE}{kept.account.id}/claim/")
    with CaptureQueriesContext(connection) as after:
        body(erika)
    assert len(after) <= len(before) + 1
    assert Account.objects.filter(external_ref__isnull=False).count() == 4


def test_the_page_of_a_line_of_another_account_of_theirs_says_where_it_is(erika: Client) -> None:
    """A letter tells of a line, and its reader acts for another account when they open it."""
    own = Membership.objects.get(user__email="erika@example.com").account_id
    kept = unclaimed("erika@example.com", suffix="2")
    page = f"/lines/{kept.line.id}/"
    assert erika.get(page).status_code == 404
    erika.post(f"{PAGE}{kept.account.id}/claim/")
    assert erika.get(page).status_code == 200
    erika.post(f"{PAGE}{own}/choose/")
    led = erika.get(page, follow=True)
    assert led.redirect_chain == [(PAGE, 302)]
    assert f"That belongs to {kept.account.name}" in led.content.decode()
    assert erika.post(f"{page}rename/", {"label": "x"}).status_code == 404


def test_so_does_that_of_an_order(erika: Client) -> None:
    own = Membership.objects.get(user__email="erika@example.com").account_id
    kept = unclaimed("erika@example.com", suffix="2")
    erika.post(f"{PAGE}{kept.account.id}/claim/")
    order_id = renew_line.start(request(kept), NOW).order_id
    erika.post(f"{PAGE}{own}/choose/")
    page = f"/orders/{order_id}/"
    assert erika.get(page).headers["Location"] == PAGE
    assert erika.get(page, headers={"HX-Request": "true"}).status_code == 404  # a part of a page


def test_a_strangers_line_stays_nowhere_for_who_has_several(erika: Client, stage: Cast) -> None:
    kept = unclaimed("erika@example.com", suffix="2")
    erika.post(f"{PAGE}{kept.account.id}/claim/")
    assert erika.get(f"/lines/{stage.line.id}/").status_code == 404

"""Each page, for its owner: it renders, and it asks the database a fixed number of times."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from keepline.catalog import queries as catalog
from keepline.flows.show_order import show_order
from keepline.lines.models import Line, Validity
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests import cast
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider
from tests.portal.acts import KEY, order_form, renew_url, renewed, with_receipt

pytestmark = pytest.mark.django_db
SIGNED_IN = 3  # session, user, membership


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


PAGES: dict[str, tuple[Callable[[Cast], str], int]] = {
    "lines": (lambda _: "/", 6),
    "line": (lambda stage: f"/lines/{stage.line.id}/", 11),
    "plans": (lambda stage: f"{renew_url(stage)}?key={KEY}", 9),
    "order before paying": (
        lambda stage: f"{renew_url(stage)}?key={KEY}&plan={stage.plan.code}",
        16,
    ),
    "wallet": (lambda _: "/wallet/", 5),
    "account": (lambda _: "/account/", 4),
}


@pytest.mark.parametrize("page", PAGES)
def test_queries_of_a_page(
    page: str, stage: Cast, alice: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url, queries = PAGES[page][0](stage), PAGES[page][1]
    text(alice, url)  # warms the catalogue
    for number in range(3):
        cast.line(stage.account, stage.plan)
        cast.plan(f"extra-{number}")
    catalog.offer_on_sale(stage.plan.code, "USD", NOW)
    catalog.currencies_on_sale(NOW)
    catalog.policy_values(stage.plan.policy_id)
    with django_assert_num_queries(SIGNED_IN + queries):
        text(alice, url)


def test_my_lines_say_what_happens_next(stage: Cast, alice: Client) -> None:
    page = text(alice, "/")
    assert "9 days left" in page or "10 days left" in page
    assert "Runs out on" in page
    assert "5 GB of 5 GB" in page
    assert "Unlimited, 0 SMS used" in page
    assert "US$10.00" in page


@pytest.mark.parametrize("auto_renew", [False, True])
def test_a_line_that_ends_soon_says_so(auto_renew: bool, stage: Cast, alice: Client) -> None:
    """Unless it renews by itself: then nobody need do anything."""
    soon = cast.line(stage.account, stage.plan, valid_until=NOW + timedelta(days=2))
    Validity.objects.filter(id=soon.id).update(auto_renew=auto_renew)
    page = text(alice, "/")
    assert ("badge-warn" in page) is not auto_renew
    assert ("card-warn" in page) is not auto_renew


def test_a_line_without_a_number_goes_by_its_name(stage: Cast, alice: Client) -> None:
    Line.objects.filter(id=stage.line.id).update(e164=None, label="Van 3 tracker")
    page = text(alice, f"/lines/{stage.line.id}/")
    assert "Van 3 tracker</h1>" in page
    assert "Line closed" in page
    for said in ("Number withdrawn", "Number lost", "the number is still yours"):
        assert said not in page


def test_no_plans_are_shown_for_a_line_that_has_ended(stage: Cast, alice: Client) -> None:
    Validity.objects.filter(id=stage.line.id).update(state="terminated")
    answer = alice.get(f"{renew_url(stage)}?key={KEY}")
    assert answer["Location"] == f"/lines/{stage.line.id}/"


def test_who_has_blocked_a_line_is_sent_to_nobody(stage: Cast, alice: Client) -> None:
    """Its own page can unblock it."""
    url = f"/lines/{stage.line.id}/"
    alice.post(f"{url}block/")
    assert "its page says what can be done" in text(alice, "/")
    page = text(alice, url)
    assert "Blocked as lost or stolen." in page
    assert "write to support" not in page


def test_a_title_is_words_alone(stage: Cast, alice: Client) -> None:
    page = text(alice, f"/lines/{stage.line.id}/")
    title = page.partition("<title>")[2].partition("</title>")[0]
    assert title.strip()
    assert "span" not in title


def test_the_way_from_line_to_proof(stage: Cast, alice: Client) -> None:
    first = alice.get(renew_url(stage))
    assert first.status_code == 302
    assert "key=" in first["Location"]
    assert "US$3.00" in text(alice, first["Location"])
    order_page = text(alice, f"{first['Location']}&plan={stage.plan.code}")
    for said in ("Pay US$3.00", "20 April 2026", "10 GB", "US$10.00 in it"):
        assert said in order_page
    proof = text(alice, f"/orders/{renewed(alice, stage)}/")
    for said in ("Renewed", "20 March 2026", "20 April 2026", "10 GB", "being numbered"):
        assert said in proof


def test_the_key_of_the_page_is_kept_by_a_reload_and_makes_one_order(
    stage: Cast, alice: Client
) -> None:
    url = f"{renew_url(stage)}?plan={stage.plan.code}&key={KEY}"
    assert text(alice, url).count(KEY) == text(alice, url).count(KEY) >= 1
    answers = [alice.post(renew_url(stage), order_form(stage)) for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Order.objects.filter(kind="renewal").count() == 1


def test_through_the_provider_and_back(stage: Cast, alice: Client, provider: FakeProvider) -> None:
    order_id = renewed(alice, stage, pay="none:sandbox")
    assert "Asking the payment provider" in text(alice, f"/orders/{order_id}/")
    onward = alice.get(f"/orders/{order_id}/checkout/")
    assert onward["Location"].startswith("http://provider/")
    assert "Waiting for your payment" in text(alice, f"/orders/{order_id}/")
    provider.pay(Payment.objects.get(order_id=order_id).id)
    back = alice.get(f"/orders/{order_id}/return/")
    assert back["Location"] == f"/orders/{order_id}/"
    assert "Renewed" in text(alice, back["Location"])
    assert alice.get(f"/orders/{order_id}/checkout/")["Location"] == f"/orders/{order_id}/"


def test_a_provider_that_does_not_answer_loses_nothing(
    stage: Cast, alice: Client, provider: FakeProvider
) -> None:
    order_id = renewed(alice, stage, pay="none:sandbox")
    provider.silent = 1
    answer = alice.get(f"/orders/{order_id}/checkout/")
    assert answer["Location"] == f"/orders/{order_id}/"
    assert "Nothing is lost" in text(alice, f"/orders/{order_id}/")


def test_a_provider_that_refuses(stage: Cast, alice: Client, provider: FakeProvider) -> None:
    order_id = renewed(alice, stage, pay="none:sandbox")
    provider.refuse_opening = True
    answer = alice.get(f"/orders/{order_id}/checkout/")
    assert answer.status_code == 402
    assert "Nothing was taken" in answer.content.decode()
    assert "Not carried out" in text(alice, f"/orders/{order_id}/")


def test_the_proof_asks_again_until_it_rests(stage: Cast, alice: Client) -> None:
    order_id = renewed(alice, stage)
    url = f"/orders/{order_id}/"
    page = text(alice, url)
    assert "hx-trigger" in page
    assert 'http-equiv="refresh"' in page
    part = alice.get(url, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<div class="stack" id="proof"')
    Order.objects.filter(id=order_id).update(receipt_number=7)
    assert show_order(order_id, stage.account.id, NOW).resting
    page = text(alice, url)
    assert "hx-trigger" not in page
    assert 'http-equiv="refresh"' not in page


def test_a_receipt_is_there_once_it_has_its_number(stage: Cast, alice: Client) -> None:
    order_id = renewed(alice, stage)
    assert alice.get(f"/orders/{order_id}/receipt/").status_code == 404
    Order.objects.filter(id=order_id).update(receipt_number=4711)
    page = text(alice, f"/orders/{order_id}/receipt/")
    for said in ("Receipt 4711", "US$3.00", "Europe/Berlin", str(order_id)):
        assert said in page


def test_top_up(stage: Cast, alice: Client, provider: FakeProvider) -> None:
    answer = alice.post(
        "/wallet/top-up/",
        {"key": KEY, "currency": "USD", "amount": "20", "other": "12,50", "provider": "sandbox"},
    )
    payment = Payment.objects.get()
    assert answer["Location"] == f"/orders/{payment.order_id}/checkout/"
    assert payment.amount_minor == 1250
    alice.get(answer["Location"])
    provider.pay(payment.id)
    alice.get(f"/orders/{payment.order_id}/return/")
    page = text(alice, "/wallet/")
    assert "US$22.50" in page
    assert "+US$12.50" in page
    assert "is in your wallet" in text(alice, f"/orders/{payment.order_id}/")


def test_every_page_obeys_the_policy_without_inline_code(stage: Cast, alice: Client) -> None:
    order_id = with_receipt(alice, stage)
    for url in (
        "/",
        f"/lines/{stage.line.id}/",
        f"{renew_url(stage)}?key={KEY}&plan={stage.plan.code}",
        f"/orders/{order_id}/",
        f"/orders/{order_id}/receipt/",
        "/wallet/",
        "/account/",
    ):
        page = text(alice, url)
        assert " style=" not in page, url
        assert "<style" not in page, url
        assert " onclick=" not in page, url
        assert "<script>" not in page, url


def test_installable(client: Client) -> None:
    manifest = client.get("/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    assert manifest.json()["start_url"] == "/"
    worker = client.get("/service-worker.js")
    assert worker["Content-Type"] == "text/javascript"
    assert b"/offline/" in worker.content

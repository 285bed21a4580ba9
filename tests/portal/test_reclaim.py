"""The page of a line that ended: until when its number can be had back, for how much, and how."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from keepline.inventory import services as inventory
from keepline.ledger.models import Transfer
from keepline.lines.models import Line
from keepline.orders.models import Order
from tests.cast import NOW, Cast
from tests.flows.acts import let_go
from tests.inventory import shelves
from tests.portal.acts import KEY
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db
E164 = 12025550143


@pytest.fixture
def ended(stage: Cast) -> str:
    let_go(stage, E164, {"USD": 250})
    return f"/lines/{stage.line.id}/"


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def post(client: Client, ended: str, **changes: str) -> tuple[int, str, str]:
    form = {"key": KEY, "expected_fee_minor": "250"} | changes
    answer = client.post(f"{ended}reclaim/", form)
    return answer.status_code, answer.content.decode(), answer.headers.get("Location", "")


def test_the_line_says_it_and_the_page_says_what_it_costs(alice: Client, ended: str) -> None:
    page = text(alice, ended)
    assert "8 July 2026, 12:00" in page
    assert f'href="{ended}reclaim/"' in page
    offer = text(alice, f"{ended}reclaim/")
    for said in ("8 July 2026, 12:00", "Have it back for US$2.50", "US$10.00", "60 days"):
        assert said in offer


def test_it_comes_back_and_leads_to_its_renewal(alice: Client, ended: str) -> None:
    status, _, location = post(alice, ended)
    order = Order.objects.get(kind="reclaim")
    assert (status, location) == (302, f"/lines/{order.line_id}/renew/")
    assert post(alice, ended)[2] == location, "a second click is the same order"
    page = alice.get(location, follow=True).content.decode()
    assert "The number is yours again" in page
    assert "Number withdrawn on" in page
    successor = text(alice, f"/lines/{order.line_id}/")
    assert "You had the number back" in successor
    assert "Active until" not in successor
    assert "Number had back" in successor
    old = text(alice, ended)
    assert f'href="/lines/{order.line_id}/"' in old
    assert "Ended; its number is on another line of yours" in old
    proof = text(alice, f"/orders/{order.id}/")
    assert "Number given back" in proof
    assert "US$2.50" in proof


def test_a_free_one_says_so(alice: Client, stage: Cast) -> None:
    let_go(stage, E164, {})
    ended = f"/lines/{stage.line.id}/"
    assert "Have it back</button>" in text(alice, f"{ended}reclaim/")
    assert post(alice, ended, expected_fee_minor="0")[0] == 302


def test_a_wallet_that_is_short_is_topped_up_first(alice: Client, stage: Cast) -> None:
    let_go(stage, E164, {"USD": 1250})
    ended = f"/lines/{stage.line.id}/"
    page = text(alice, f"{ended}reclaim/")
    assert "US$2.50 is missing" in page
    assert 'href="/wallet/?currency=USD#top-up"' in page
    assert "<button class=" not in page.split("What you get")[1].split("</main>")[0]
    status, body, _ = post(alice, ended, expected_fee_minor="1250")
    assert (status, "holds less than this costs" in body) == (402, True)
    assert not Transfer.objects.filter(code=9).exists()


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"key": ""}, 400, "Idempotency-Key"),
        ({"key": "has a blank"}, 400, "Idempotency-Key"),
        ({"expected_fee_minor": ""}, 409, "price has changed"),
        ({"expected_fee_minor": "249"}, 409, "price has changed"),
        ({"expected_fee_minor": "-250"}, 409, "price has changed"),
        ({"expected_fee_minor": "\uff12\uff15\uff10"}, 409, "price has changed"),
        ({"expected_fee_minor": "9" * 400}, 409, "price has changed"),
    ],
)
def test_wrong_input(
    alice: Client, ended: str, changes: dict[str, str], status: int, says: str
) -> None:
    answered, body, _ = post(alice, ended, **changes)
    assert (answered, says in body) == (status, True)
    assert Line.objects.filter(e164=E164).count() == 1


def test_too_late_is_said_and_nothing_more(alice: Client, stage: Cast, ended: str) -> None:
    with time_machine.travel(NOW + timedelta(days=120), tick=False):
        late = signed_in("alice@example.com")
        resting = text(late, f"{ended}reclaim/")
        assert "is over" in resting
        assert post(late, ended)[2] == f"{ended}reclaim/"
    with time_machine.travel(NOW + timedelta(days=190), tick=False):
        assert shelves.release_rested(NOW + timedelta(days=180)) == 1
        inventory.assign(E164, stage.other_account.id, stage.line.id, NOW + timedelta(days=189))
        later = signed_in("alice@example.com")
        gone = text(later, f"{ended}reclaim/")
    body = [page.split("<main")[1].split("</main>")[0] for page in (resting, gone)]
    assert body[0] == body[1], "what became of the number is not told"


def test_a_line_that_lives_has_no_such_page(alice: Client, stage: Cast) -> None:
    answer = alice.get(f"/lines/{stage.line.id}/reclaim/")
    assert (answer.status_code, answer["Location"]) == (302, f"/lines/{stage.line.id}/")


def test_a_stranger_finds_nothing(charlie: Client, ended: str) -> None:
    assert charlie.get(f"{ended}reclaim/").status_code == 404
    assert post(charlie, ended)[0] == 404
    assert Line.objects.filter(e164=E164).count() == 1

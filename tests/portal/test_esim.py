"""A line's eSIM page: its code for who may manage the line, and how far it has come."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from keepline.accounts.models import Membership, Role
from keepline.audit.models import AuditEvent
from keepline.core.activation import qr_svg
from keepline.core.lifecycle.profile import ProfileEvent as E
from keepline.flows import buy_line
from keepline.flows.advance_order import advance
from keepline.gateways import switchboard
from keepline.inventory import sims
from keepline.inventory.models import Pool, Profile
from keepline.lines.models import Validity
from keepline.orders.models import Order
from tests.cast import NOW, Cast
from tests.doubles import ScriptedNetwork
from tests.flows.buying import request as bought_by
from tests.inventory import shelves
from tests.portal.sims import CODE, CODES, carded, given
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db
TEXT = "LPA:1$smdp.example.com$ABCD-EFGH-1234"
EID = "89" + "0" * 30
SIGNED_IN = 3  # session, user, member; as for other pages


def page_of(stage: Cast) -> str:
    return f"/lines/{stage.line.id}/esim/"


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return unescape(answer.content.decode())


def shown(account: Any) -> list[str]:
    events = AuditEvent.objects.filter(action="profile.code_shown", account_id=account.id)
    return [event.facts["code"] for event in events.order_by("id")]


def test_all_that_a_phone_can_be_given(stage: Cast, alice: Client) -> None:
    profile = given(stage)
    answer = alice.get(page_of(stage))
    page = unescape(answer.content.decode())
    assert qr_svg(CODE) in page
    assert f'id="activation-code">{TEXT}<' in page
    assert f'data-copy="{TEXT}"' in page
    for link in ("apple", "android"):
        assert f"https://esimsetup.{link}.com/esim_qrcode_provisioning?carddata={TEXT}" in page
    assert '<span class="mono">smdp.example.com</span>' in page
    assert '<span class="mono">ABCD-EFGH-1234</span>' in page
    assert profile.iccid in page
    assert "confirmation code" not in page
    assert "no-store" in answer["Cache-Control"]
    assert "style=" not in page


def test_the_first_look_is_written_down(stage: Cast, alice: Client) -> None:
    given(stage)
    for _ in range(3):
        text(alice, page_of(stage))
    assert shown(stage.account) == ["activation"]
    (event,) = AuditEvent.objects.filter(action="profile.code_shown")
    assert (event.actor, event.subject_id) == (f"user:{stage.alice.pk}", stage.line.id)
    assert CODE.matching_id not in str(event.facts)


@pytest.mark.parametrize("role", [Role.SEE, Role.RECEIVE])
def test_who_may_only_look_sees_how_far_it_is_and_no_code(stage: Cast, role: Role) -> None:
    given(stage, confirmation="4711")
    Membership.objects.filter(user=stage.bob).update(role=role)
    bob = signed_in("bob@example.com")
    page = text(bob, page_of(stage))
    assert "Install your eSIM" in page
    assert CODE.matching_id not in page
    assert "<path" not in page.split('id="esim"')[1]
    assert bob.post(f"{page_of(stage)}confirmation/").status_code == 403
    assert shown(stage.account) == []


def test_a_stranger_and_a_line_without_an_esim_find_nothing(
    stage: Cast, alice: Client, charlie: Client
) -> None:
    assert alice.get(page_of(stage)).status_code == 404
    given(stage)
    assert charlie.get(page_of(stage)).status_code == 404
    assert charlie.post(f"{page_of(stage)}confirmation/").status_code == 404
    assert shown(stage.account) == []


def test_a_confirmation_code_is_shown_on_request_and_each_time_written_down(
    stage: Cast, alice: Client
) -> None:
    given(stage, confirmation="471199")
    page = text(alice, page_of(stage))
    assert f"{TEXT}$$1" in page
    assert "471199" not in page
    assert "Show the confirmation code" in page
    for _ in range(2):
        answer = alice.post(f"{page_of(stage)}confirmation/")
        assert "471199" in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
    assert "471199" not in text(alice, page_of(stage))
    assert shown(stage.account) == ["activation", "confirmation", "confirmation"]


def test_no_confirmation_code_is_none(stage: Cast, alice: Client) -> None:
    given(stage)
    assert alice.post(f"{page_of(stage)}confirmation/").status_code == 404
    sims.change_profile(Profile.objects.get(), E.DOWNLOAD, NOW)
    sims.change_profile(Profile.objects.get(), E.INSTALL, NOW)
    answer = alice.post(f"{page_of(stage)}confirmation/")
    assert (answer.status_code, answer["Location"]) == (302, page_of(stage))


WORDS: list[tuple[list[E], str, bool, int]] = [
    ([], "Install your eSIM", True, 2),
    ([E.DOWNLOAD], "Your phone is installing the eSIM", True, 3),
    ([E.DOWNLOAD, E.INSTALL], "The eSIM is on your phone", False, 4),
    ([E.DOWNLOAD, E.INSTALL, E.ENABLE], "The eSIM is in use", False, 5),
    ([E.INSTALL, E.ENABLE, E.DISABLE], "The eSIM is switched off", False, 5),
    ([E.INSTALL, E.DELETE], "The eSIM was deleted from the phone", False, 0),
    ([E.FAIL], "This eSIM cannot be installed any more", False, 0),
    ([E.FAIL, E.RETIRE], "This eSIM cannot be installed any more", False, 0),
]


@pytest.mark.parametrize(("events", "says", "has_code", "done"), WORDS)
def test_each_state_says_what_to_do_next(
    stage: Cast, alice: Client, events: list[E], says: str, has_code: bool, done: int
) -> None:
    given(stage, *events)
    page = text(alice, page_of(stage))
    assert f"<h1>{says}</h1>" in page
    assert (CODE.matching_id in page) is has_code
    assert page.count('class="step-done"') == done
    assert bool(shown(stage.account)) is has_code


@pytest.mark.parametrize(
    ("line_state", "says"),
    [("provisioning", "Your eSIM is being prepared"), ("terminated", "The line has ended")],
)
def test_no_code_before_the_line_is_set_up_or_after_its_end(
    stage: Cast, alice: Client, line_state: str, says: str
) -> None:
    given(stage, confirmation="471199")
    Validity.objects.filter(id=stage.line.id).update(state=line_state, next_action_at=None)
    try:
        assert f"<h1>{says}</h1>" in text(alice, page_of(stage))
        assert CODE.matching_id not in text(alice, page_of(stage))
        assert alice.post(f"{page_of(stage)}confirmation/").status_code == 302
        assert shown(stage.account) == []
    finally:
        Validity.objects.filter(id=stage.line.id).update(
            state="active", next_action_at=stage.line.opened_at + timedelta(days=30)
        )


def test_htmx_hears_nothing_until_something_changed(stage: Cast, alice: Client) -> None:
    profile = given(stage)
    page = text(alice, page_of(stage))
    (asked,) = re.findall(r'hx-get="([^"]+)"', page.split('id="esim"')[1])
    assert asked.startswith(f"{page_of(stage)}?seen=ready-")
    assert alice.get(asked, headers={"HX-Request": "true"}).status_code == 204
    sims.change_profile(profile, E.DOWNLOAD, NOW)
    answer = alice.get(asked, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    assert "seen=downloading" in answer.content.decode()
    sims.change_profile(profile, E.INSTALL, NOW)
    sims.change_profile(profile, E.ENABLE, NOW)
    assert "hx-get" not in text(alice, page_of(stage)).split('id="esim"')[1].split(">")[0]


def test_bound_to_a_phone(stage: Cast, alice: Client) -> None:
    profile = given(stage)
    assert EID not in text(alice, page_of(stage))
    sims.note_eid(profile, EID)
    page = text(alice, page_of(stage))
    assert f">{EID}<" in page
    assert "It can be installed on this phone alone." in page


def test_queries_of_the_page(
    stage: Cast, alice: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    given(stage)
    text(alice, page_of(stage))  # writes who looked first
    # line, profile, notices, moves; for the code a savepoint and its end, line, profile, mark
    with django_assert_num_queries(SIGNED_IN + 9):
        text(alice, page_of(stage))


def test_the_line_leads_there(stage: Cast, alice: Client) -> None:
    assert page_of(stage) not in text(alice, f"/lines/{stage.line.id}/")
    given(stage)
    assert f'href="{page_of(stage)}"' in text(alice, f"/lines/{stage.line.id}/")


def test_to_a_new_phone_from_the_page(stage: Cast, alice: Client) -> None:
    address = f"{page_of(stage)}new-phone/"
    old = given(stage)
    assert address not in text(alice, page_of(stage))  # its code is not used yet
    assert alice.get(address)["Location"] == page_of(stage)
    for event in (E.INSTALL, E.ENABLE):
        sims.change_profile(old, event, NOW)
    assert f'href="{address}"' in text(alice, page_of(stage))
    new = shelves.profile(
        shelves.iccid(77),
        Pool.objects.get(),
        smdp_address=CODE.smdp_address,
        matching_id="THE-NEW-ONE",
    )
    page = text(alice, address)
    (key,) = re.findall(r'name="key" value="([^"]+)"', page)
    for _ in range(2):  # a second click
        answer = alice.post(address, {"key": key})
        assert (answer.status_code, answer["Location"]) == (302, page_of(stage))
    page = text(alice, page_of(stage))
    assert "The eSIM for your new phone is being prepared." in page
    assert address not in page
    assert "hx-get" in page
    (order,) = Order.objects.filter(kind="new_sim")
    advance(order.id, "en", NOW)
    page = text(alice, page_of(stage))
    assert "THE-NEW-ONE" in page
    assert new in page
    assert alice.post(address, {"key": "x"}).status_code == 400


def test_the_new_phone_may_be_named(stage: Cast, alice: Client) -> None:
    address = f"{page_of(stage)}new-phone/"
    given(stage, E.INSTALL, E.ENABLE)
    shelves.profiles(Pool.objects.get(), 1, first=2 * 10**6, smdp_address="a.b", matching_id="X")
    wrong = alice.post(address, {"key": "a-key-of-one", "eid": EID + "0"})
    assert wrong.status_code == 422
    assert f'value="{EID}0"' in wrong.content.decode()
    assert not Order.objects.filter(kind="new_sim").exists()
    named = "89" + "0" * 28 + "99"
    alice.post(address, {"key": "a-key-of-one", "eid": f" {named[:16]} {named[16:]} "})
    assert (Order.objects.get(kind="new_sim").stock or {})["eid"] == named


def test_a_purchase_that_fails_while_its_page_is_open_says_so(
    stage: Cast, alice: Client, charlie: Client
) -> None:
    shelves.numbers(shelves.pool("uk"), 1)
    shelves.profiles(shelves.pool("uk-esim", "profile"), 1, smdp_address="a.b", matching_id="X")
    network = ScriptedNetwork(script=["refuse"])
    switchboard.connect("network", lambda: network)
    order = buy_line.start(bought_by(stage), NOW).order
    address = f"/lines/{order.line_id}/esim/"
    assert "Your eSIM is being prepared" in text(alice, address)
    for _ in range(3):  # refused, told back, let go
        advance(order.id, "en", NOW)
    assert Validity.objects.by_id(order.line_id).state == "terminated"
    there = f"/orders/{order.id}/"
    polled = alice.get(f"{address}?seen=preparing", headers={"HX-Request": "true"})
    assert (polled.status_code, polled["HX-Redirect"]) == (200, there)
    assert alice.get(address)["Location"] == there
    assert charlie.get(address).status_code == 404
    assert alice.get(f"/lines/{order.line_id}/").status_code == 404, "it never lived"


def test_the_limit_is_told_before_anybody_asks(stage: Cast, alice: Client, settings: Any) -> None:
    given(stage, E.INSTALL, E.ENABLE)
    settings.ENV = replace(settings.ENV, esim_reissues_per_year=0)
    page = text(alice, page_of(stage))
    assert f"{page_of(stage)}new-phone/" not in page
    assert "moving it is not done on this page" in page
    answer = alice.post(f"{page_of(stage)}new-phone/", {"key": "a-key-of-one"})
    assert answer.status_code == 409
    assert "as often as is free of charge" in unescape(answer.content.decode())


# --- a physical card


def card_page(stage: Cast) -> str:
    return f"/lines/{stage.line.id}/card/"


def test_pin_and_puk_are_shown_on_request_and_written_down(stage: Cast, alice: Client) -> None:
    iccid = carded(stage)
    assert f'href="{card_page(stage)}"' in text(alice, f"/lines/{stage.line.id}/")
    page = text(alice, card_page(stage))
    assert iccid in page
    assert "12345678" not in page
    answer = alice.post(f"{card_page(stage)}codes/")
    told = answer.content.decode()
    assert all(code in told for code in CODES.values())
    assert "PUK2" not in told
    assert "no-store" in answer["Cache-Control"]
    assert "12345678" not in text(alice, card_page(stage))
    (event,) = AuditEvent.objects.filter(action="card.codes_shown")
    assert event.actor == f"user:{stage.alice.pk}"


def test_cards_keep_their_codes_from_lookers_and_strangers(
    stage: Cast, alice: Client, charlie: Client
) -> None:
    assert alice.get(card_page(stage)).status_code == 404
    carded(stage)
    assert charlie.get(card_page(stage)).status_code == 404
    assert charlie.post(f"{card_page(stage)}codes/").status_code == 404
    Membership.objects.filter(user=stage.bob).update(role=Role.SEE)
    bob = signed_in("bob@example.com")
    assert "Show PIN" not in text(bob, card_page(stage))
    assert bob.post(f"{card_page(stage)}codes/").status_code == 403
    assert not AuditEvent.objects.filter(action="card.codes_shown").exists()


def test_a_card_whose_codes_nobody_knows(stage: Cast, alice: Client) -> None:
    carded(stage, {})
    assert "They are not known here." in text(alice, card_page(stage))
    assert alice.post(f"{card_page(stage)}codes/").status_code == 404


def test_a_card_has_no_esim_page_and_an_esim_no_cards(stage: Cast, alice: Client) -> None:
    carded(stage)
    assert alice.get(page_of(stage)).status_code == 404

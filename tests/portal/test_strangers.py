"""Every URL there is, opened by a stranger: what is Alice's does not exist for Charlie.

The URLs are read from the resolver. A new one whose parameters this test cannot fill fails it.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from keepline.accounts import feeds
from keepline.accounts.models import ApiToken
from keepline.accounts.services import issue_token
from keepline.core.telling import Topic
from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.telling.passes import unsubscribe_pass
from keepline.messages import browsers
from keepline.messages.models import Preferences, PushSubscription, WebhookEndpoint
from keepline.messages.preferences import note_failing, recipient_of, wishes_of
from tests import cast
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider
from tests.flows.endpoints import connect, owner_of
from tests.flows.inboxes import arrives, numbered
from tests.portal.acts import shows_messages, with_receipt
from tests.portal.sims import carded, given
from tests.saved import saved

pytestmark = pytest.mark.django_db

API = "v1/"  # its own tests walk it, with tokens instead of sessions
OWNED_BY_NOBODY = {
    "provider",  # a webhook's address; the signature decides
    "uidb36",  # a reset link: whoever holds it may use it
    "key",
    "plan_code",  # what is on sale is on sale for all
}
# Pages of which each shows the one who asks their own: the address names no row.
OF_WHO_ASKS = {"works_again": {"channel": "email"}}
# Whoever is back from a provider is led on, and shown nothing (test_identity.py).
LED_ON = {"identity_back"}
# The address is the key, with or without a session. Each has its making, for a user.
OPENED_BY_A_SECRET: dict[str, Callable[[Cast, Any], str]] = {
    "calendar_feed": lambda stage, user: feeds.make(user.pk, account_of(stage, user), NOW),
    "unsubscribe": lambda _, user: unsubscribe_pass(recipient_of(user.pk), Topic.REMINDERS),
}
# What is posted where an empty form would be refused before anything is looked for.
POSTED = {"webhook": {"do": "remove"}}


def account_of(stage: Cast, user: Any) -> UUID:
    return stage.other_account.id if user == stage.charlie else stage.account.id


def routes(
    resolver: URLResolver, prefix: str = "", above: tuple[str, ...] = ()
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(address pattern, name, parameters) of every URL."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        names = [*above, *entry.pattern.converters, *entry.pattern.regex.groupindex]
        params = tuple(dict.fromkeys(names))
        if isinstance(entry, URLResolver):
            yield from routes(entry, path, params)
        elif isinstance(entry, URLPattern):
            yield path, entry.name or "", params


ALL = [route for route in routes(get_resolver()) if not route[0].startswith(API)]
STAFF = "backoffice/"  # not there for holders, whatever the parameters; its own tests open it
WITH_PARAMETERS = [
    (name, params) for path, name, params in ALL if params and not path.startswith(STAFF)
]
WITHOUT = sorted({name for _, name, params in ALL if not params})


@pytest.fixture
def belongings(stage: Cast, alice: Client, provider: FakeProvider) -> dict[str, Any]:
    """One thing of Alice's for every parameter that names a thing of somebody."""
    key = Authenticator.objects.create(
        user=stage.alice, type=Authenticator.Type.WEBAUTHN, data={"name": "key", "credential": {}}
    )
    given(stage, confirmation="4711")
    with_card = cast.line(stage.account, stage.plan)
    carded(stage, line=with_card)
    connect()
    endpoint, _ = add_endpoint(owner_of(stage), "https://partner.example/hook", "Shop", (), NOW)
    shows_messages(stage.alice)
    return {
        "account_id": stage.account.id,
        "line_id": stage.line.id,
        "line_id of sim_card": with_card.id,
        "line_id of sim_card_codes": with_card.id,
        "order_id": with_receipt(alice, stage),
        "token_id": issue_token(stage.alice, stage.account, "backup", NOW).token.pk,
        "session_id": UserSession.objects.get(user=stage.alice).pk,
        "pk": key.pk,
        "method_id": saved(stage, provider),
        "message_id": kept_message(stage),
        "endpoint_id": endpoint.id,
        "browser_id": browsers.of_user(stage.alice.pk)[0].id,
    }


def kept_message(stage: Cast) -> UUID:
    """One that Alice's line received."""
    numbered(stage)
    message_id = arrives().message_id
    assert message_id is not None
    return message_id


def address(name: str, params: tuple[str, ...], belongings: dict[str, Any]) -> str | None:
    """None when the URL names nothing that anybody owns, or has a test of its own below."""
    if set(params) <= OWNED_BY_NOBODY or name in {*OF_WHO_ASKS, *OPENED_BY_A_SECRET, *LED_ON}:
        return None
    unknown = set(params) - set(belongings)
    assert not unknown, f"teach this test what {unknown} of {name} stands for"
    named = {param: belongings.get(f"{param} of {name}", belongings[param]) for param in params}
    return reverse(name, kwargs=named)


@pytest.mark.parametrize(("name", "params"), WITH_PARAMETERS, ids=str)
def test_a_strangers_line_order_or_key_is_not_there(
    name: str, params: tuple[str, ...], belongings: dict[str, Any], charlie: Client
) -> None:
    url = address(name, params, belongings)
    if url is None:
        return
    posted = charlie.post(url, POSTED.get(name, {}))
    statuses = {charlie.get(url).status_code, posted.status_code}
    assert 404 in statuses
    assert statuses <= {404, 405}
    visitor = Client().get(url)
    assert visitor.status_code in (302, 405), "a visitor is sent to sign in, or knows no GET"


@pytest.mark.parametrize(("name", "params"), WITH_PARAMETERS, ids=str)
def test_its_owner_finds_it(
    name: str, params: tuple[str, ...], belongings: dict[str, Any], alice: Client
) -> None:
    url = address(name, params, belongings)
    if url is not None:
        got = alice.get(url).status_code
        found = {got, alice.post(url, POSTED.get(name, {})).status_code}
        assert 404 not in found, "or the test above proves nothing"


@pytest.mark.parametrize("name", WITHOUT)
def test_ones_own_pages_tell_nothing_of_others(
    name: str, belongings: dict[str, Any], charlie: Client
) -> None:
    answer = charlie.get(reverse(name), follow=True)
    assert answer.status_code < 500
    told = b"".join(answer) if answer.streaming else answer.content
    for secret in ("account_id", "line_id", "order_id", "endpoint_id"):
        assert str(belongings[secret]).encode() not in told
    assert b"alice@example.com" not in told


def test_a_strangers_token_lives_on(belongings: dict[str, Any], charlie: Client) -> None:
    charlie.post(reverse("drop_token", args=[belongings["token_id"]]))
    assert ApiToken.objects.get(pk=belongings["token_id"]).revoked_at is None


def test_a_strangers_webhook_and_device_live_on(
    belongings: dict[str, Any], charlie: Client
) -> None:
    page = reverse("webhook", args=[belongings["endpoint_id"]])
    before = WebhookEndpoint.objects.values().get()
    for button in ("try", "rotate", "off", "change", "remove", "replay"):
        assert charlie.post(page, {"do": button}).status_code == 404
    assert WebhookEndpoint.objects.values().get() == before
    charlie.post(reverse("remove_browser", args=[belongings["browser_id"]]))
    assert PushSubscription.objects.filter(pk=belongings["browser_id"]).exists()


@pytest.mark.parametrize("name", OF_WHO_ASKS)
def test_what_one_says_of_an_address_is_said_of_ones_own(
    name: str, stage: Cast, alice: Client, charlie: Client
) -> None:
    note_failing("email", {recipient_of(stage.alice.pk): ("alice@example.com", "550")}, NOW)
    url = reverse(name, kwargs=OF_WHO_ASKS[name])
    charlie.post(url)
    assert Client().post(url).status_code == 302
    assert "email" in wishes_of(stage.alice.pk).failing
    alice.post(url)
    assert "email" not in wishes_of(stage.alice.pk).failing


@pytest.mark.parametrize("name", OPENED_BY_A_SECRET)
def test_a_secret_opens_one_persons_and_a_wrong_one_nothing(
    name: str, stage: Cast, belongings: dict[str, Any], charlie: Client
) -> None:
    hers = OPENED_BY_A_SECRET[name](stage, stage.alice)
    his = OPENED_BY_A_SECRET[name](stage, stage.charlie)
    for client in (Client(), charlie):  # a session neither opens anything nor is asked for
        assert client.get(reverse(name, args=[hers])).status_code == 200
        own = client.get(reverse(name, args=[his]))
        assert own.status_code == 200
        assert str(belongings["line_id"]) not in own.content.decode()
        for wrong in (hers[:-1], hers[:-1] + ("A" if hers[-1] != "A" else "B"), "nobodys"):
            url = reverse(name, args=[wrong])
            assert client.get(url).status_code == 404
            assert client.post(url).status_code in (404, 405)
    assert Preferences.objects.count() == 0, "opened, or guessed, nothing changes"


def test_a_pass_ends_letters_of_its_person_alone_and_tells_nothing(
    stage: Cast, charlie: Client
) -> None:
    hers = OPENED_BY_A_SECRET["unsubscribe"](stage, stage.alice)
    forged = hers.replace(str(stage.alice.pk), str(stage.charlie.pk), 1)
    assert charlie.post(reverse("unsubscribe", args=[forged])).status_code == 404
    page = charlie.post(reverse("unsubscribe", args=[hers]))
    assert "alice@example.com" not in page.content.decode()
    assert wishes_of(stage.alice.pk).choices.said == {("email", Topic.REMINDERS): False}
    assert not wishes_of(stage.charlie.pk).choices.said

"""Every URL there is, opened by a stranger: what is Alice's does not exist for Charlie.

The URLs are read from the resolver. A new one whose parameters this test cannot fill fails it.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from keepline.accounts.models import ApiToken
from keepline.accounts.services import issue_token
from tests import cast
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider
from tests.flows.inboxes import arrives, numbered
from tests.portal.acts import with_receipt
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
    return {
        "line_id": stage.line.id,
        "line_id of sim_card": with_card.id,
        "line_id of sim_card_codes": with_card.id,
        "order_id": with_receipt(alice, stage),
        "token_id": issue_token(stage.alice, stage.account, "backup", NOW).token.pk,
        "session_id": UserSession.objects.get(user=stage.alice).pk,
        "pk": key.pk,
        "method_id": saved(stage, provider),
        "message_id": kept_message(stage),
    }


def kept_message(stage: Cast) -> UUID:
    """One that Alice's line received."""
    numbered(stage)
    message_id = arrives().message_id
    assert message_id is not None
    return message_id


def address(name: str, params: tuple[str, ...], belongings: dict[str, Any]) -> str | None:
    """None when the URL names nothing that anybody owns."""
    if set(params) <= OWNED_BY_NOBODY:
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
    statuses = {charlie.get(url).status_code, charlie.post(url).status_code}
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
        found = {alice.get(url).status_code, alice.post(url).status_code}
        assert 404 not in found, "or the test above proves nothing"


@pytest.mark.parametrize("name", WITHOUT)
def test_ones_own_pages_tell_nothing_of_others(
    name: str, belongings: dict[str, Any], charlie: Client
) -> None:
    answer = charlie.get(reverse(name), follow=True)
    assert answer.status_code < 500
    told = b"".join(answer) if answer.streaming else answer.content
    for secret in ("line_id", "order_id"):
        assert str(belongings[secret]).encode() not in told
    assert b"alice@example.com" not in told


def test_a_strangers_token_lives_on(belongings: dict[str, Any], charlie: Client) -> None:
    charlie.post(reverse("drop_token", args=[belongings["token_id"]]))
    assert ApiToken.objects.get(pk=belongings["token_id"]).revoked_at is None

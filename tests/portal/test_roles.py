"""A member who may only look or receive: no URL takes money or changes a line for them.

The URLs are read from the portal's own map. A new one that takes a POST has to refuse such members,
or be named here as a matter of the person alone.
"""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from keepline.accounts import feeds
from keepline.accounts.models import Account, Membership, Role, User
from keepline.accounts.queries import SPENDERS
from keepline.accounts.services import issue_token
from keepline.audit.models import AuditEvent
from keepline.core.telling import Topic
from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.telling.passes import unsubscribe_pass
from keepline.ledger.models import Transfer, Wallet
from keepline.lines.models import Line
from keepline.messages import browsers
from keepline.messages.models import WebhookEndpoint
from keepline.orders.models import Order, RequestKey
from keepline.payments import methods
from keepline.payments.models import Payment
from keepline.portal import urls
from tests.cast import NOW, Cast, plan
from tests.flows.endpoints import connect, owner_of
from tests.portal.acts import KEY, order_form, renew_url, renewed, shows_messages
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db

LOOKERS = [Role.SEE, Role.RECEIVE]
OF_MANAGERS = {
    "close_line",  # whoever may only spend does not end anything
    "identity",  # who shows who they are speaks for the account
    *("webhooks", "webhook"),  # they tell a program of all lines, and go on when one has left
}
# Theirs whatever their role: these pages reach no row but the person's own.
OF_THE_PERSON = {
    *("account", "add_token", "drop_token", "calendar", "revoke_calendar"),
    *("notices", "works_again", "unsubscribe"),  # what they are told, and how
    *("subscribe_browser", "unsubscribe_browser", "remove_browser"),  # their own devices
    *("claim_account", "choose_account"),  # of which account they are a member
}
# Who pays need not read, and who reads need not pay: tests/portal/test_inbox.py has these.
OF_READERS = {
    name
    for name in (each.name or "" for each in urls.urlpatterns if isinstance(each, URLPattern))
    if "inbox" in name or "message" in name
}
PATTERNS = {
    each.name: each
    for each in urls.urlpatterns
    if isinstance(each, URLPattern) and each.name not in OF_READERS
}
# What a browser would send. A URL that is not here gets an empty form.
FORMS: dict[str, dict[str, str]] = {
    "top_up": {"key": KEY, "currency": "USD", "amount": "20", "provider": "sandbox"},
    "rename": {"label": "Mine"},
    "auto_renew": {"enabled": "on", "lead": ""},
    "buy": {"key": KEY, "pay": "only:", "expected_total_minor": "300"},
    "choose_number": {"key": KEY, "chosen": ""},
    "webhooks": {"url": "https://partner.example/more", "name": "More"},
    "webhook": {"do": "rotate"},
}


@pytest.fixture(autouse=True)
def webhook(stage: Cast) -> UUID:
    """An endpoint of Alice's account."""
    connect()
    url = "https://partner.example/hook"
    return add_endpoint(owner_of(stage), url, "Shop", (), NOW)[0].id


def member(stage: Cast, role: str, language: str = "en") -> Client:
    """Bob, signed in, in Alice's account."""
    Membership.objects.filter(user=stage.bob).update(role=role)
    User.objects.filter(pk=stage.bob.pk).update(language=language)
    return signed_in("bob@example.com")


@pytest.fixture
def order_id(stage: Cast, alice: Client) -> Any:
    """An order of Alice's that waits for its payment."""
    return renewed(alice, stage, pay="none:sandbox")


def address(name: str, stage: Cast, order_id: Any) -> str:
    """Things of the account, and those of Bob's that are a matter of the person."""
    shows_messages(stage.bob)
    things = {
        "account_id": stage.account.id,
        "line_id": stage.line.id,
        "plan_code": stage.plan.code,
        "order_id": order_id,
        "secret": feeds.make(stage.bob.pk, stage.account.id, NOW),
        "pass_": unsubscribe_pass(f"user:{stage.bob.pk}", Topic.REMINDERS),
        "browser_id": browsers.of_user(stage.bob.pk)[0].id,
        "endpoint_id": WebhookEndpoint.objects.get().id,
        "channel": "email",
        "check_id": uuid4(),  # who comes back to it is believed nothing, and told nothing
        "token_id": issue_token(stage.bob, stage.account, "backup", NOW).token.pk,
        "method_id": methods.begin(stage.account.id, "sandbox", NOW, NOW).id,
    }
    return reverse(name, kwargs={p: things[p] for p in PATTERNS[name].pattern.converters})


def form(name: str, stage: Cast) -> dict[str, str]:
    return order_form(stage, key="another-key") if name == "renew" else FORMS.get(name, {})


def written() -> tuple[object, ...]:
    """Everything that a role guards."""
    counts = [model.objects.count() for model in (Transfer, Payment, RequestKey, Wallet)]
    labels = list(Line.objects.order_by("id").values_list("label", flat=True))
    orders = list(Order.objects.order_by("id").values_list("id", "state"))
    endpoints = list(WebhookEndpoint.objects.order_by("id").values_list())
    return *counts, labels, orders, endpoints


@pytest.mark.parametrize("role", LOOKERS)
@pytest.mark.parametrize("name", PATTERNS)
def test_no_post_of_a_looker_does_anything(
    name: str, role: Role, stage: Cast, order_id: Any
) -> None:
    bob, url = member(stage, role), address(name, stage, order_id)
    before, audited = written(), AuditEvent.objects.count()
    answer = bob.post(url, form(name, stage))
    assert written() == before
    if name in OF_THE_PERSON:
        assert answer.status_code not in (403, 404, 405), "named here in vain"
        return
    assert answer.status_code in (403, 405)
    assert AuditEvent.objects.count() == audited
    if answer.status_code == 403:
        assert "Your role in this account does not permit this." in answer.content.decode()


@pytest.mark.parametrize("role", sorted(SPENDERS))
@pytest.mark.parametrize("name", PATTERNS)
def test_no_role_that_may_spend_is_refused(
    name: str, role: str, stage: Cast, order_id: Any
) -> None:
    bob, url = member(stage, role), address(name, stage, order_id)
    refused = name in OF_MANAGERS and role == Role.SPEND
    assert (bob.post(url, form(name, stage)).status_code == 403) is refused
    assert (bob.get(url).status_code == 403) is refused


def test_the_map_has_posts_to_refuse(stage: Cast, order_id: Any) -> None:
    """Or the first test would prove nothing."""
    bob = member(stage, Role.SEE)
    statuses = {name: bob.post(address(name, stage, order_id)).status_code for name in PATTERNS}
    refused = {name for name, status in statuses.items() if status == 403}
    assert refused >= {"renew", "top_up", "rename", "auto_renew", "webhooks", "webhook"}


@pytest.mark.parametrize("role", LOOKERS)
def test_the_way_to_pay_is_closed_from_its_first_page(
    role: Role, stage: Cast, order_id: Any
) -> None:
    bob = member(stage, role)
    before, audited = written(), AuditEvent.objects.count()
    for url in (
        renew_url(stage),
        f"{renew_url(stage)}?key={KEY}&plan={stage.plan.code}",
        f"/orders/{order_id}/checkout/",
    ):
        assert bob.get(url).status_code == 403
    assert (written(), AuditEvent.objects.count()) == (before, audited)


def test_the_page_speaks_the_members_language(stage: Cast) -> None:
    page = member(stage, Role.SEE, "zh-hans").get(renew_url(stage))
    assert page.status_code == 403
    assert "您在此账户中的角色不允许这样做。" in page.content.decode()
    assert "请向账户所有者申请允许此操作的角色。" in page.content.decode()


@pytest.mark.parametrize("role", [*LOOKERS, *sorted(SPENDERS)])
def test_only_what_may_be_done_is_offered(role: str, stage: Cast, order_id: Any) -> None:
    bob = member(stage, role)
    offers = {
        "/": f'href="{renew_url(stage)}"',
        f"/lines/{stage.line.id}/": f'href="{renew_url(stage)}"',
        f"/lines/{stage.line.id}/?switch": f'action="/lines/{stage.line.id}/auto-renew/"',
        f"/lines/{stage.line.id}/?again": f'action="/lines/{stage.line.id}/rename/"',
        "/wallet/": 'action="/wallet/top-up/"',
        f"/orders/{order_id}/": f'href="/orders/{order_id}/checkout/"',
    }
    for url, offer in offers.items():
        page = bob.get(url)
        assert page.status_code == 200
        assert (offer in page.content.decode()) is (role in SPENDERS), url


@pytest.mark.parametrize("role", [*LOOKERS, *sorted(SPENDERS)])
def test_the_accounts_currency_is_not_a_matter_of_the_person(role: str, stage: Cast) -> None:
    bob = member(stage, role)
    plan("in-euro", currency="EUR")
    profile = {"name": "Bobby", "language": "en", "time_zone": "UTC", "currency": "EUR"}
    assert bob.post("/account/", profile).status_code == 302
    assert User.objects.get(pk=stage.bob.pk).name == "Bobby"
    changed = Account.objects.by_id(stage.account.id).currency == "EUR"
    assert changed is (role in SPENDERS)

"""add_endpoint: an address that is outside, a secret that is shown once and lies sealed."""

import base64

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.errors import FlowRefused
from keepline.flows.hooking.owners import MOST
from keepline.messages import endpoints
from keepline.messages.models import WebhookEndpoint
from tests.cast import NOW, Cast, assemble
from tests.flows.at_once import at_once
from tests.flows.endpoints import OPERATOR, connect, owner_of

pytestmark = pytest.mark.django_db
URL = "https://Partner.example/keepline?tenant=7#part"


@pytest.fixture
def cast() -> Cast:
    connect(loopback=False)
    return assemble()


def test_it_is_kept_with_a_sealed_secret(cast: Cast) -> None:
    made, secret = add_endpoint(owner_of(cast), URL, " Shop ", ["line.renewed"], NOW)
    assert made.url == "https://partner.example/keepline?tenant=7"
    assert (made.name, made.kinds, made.is_on) == ("Shop", {"line.renewed"}, True)
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    row = WebhookEndpoint.objects.get()
    assert (row.slot, row.account_id) == (cast.account.slot, cast.account.id)
    assert secret not in row.sealed_secrets
    assert [each.text for each in endpoints.of_account(cast.account.id)[0].secrets] == [secret]
    assert secret not in repr(made)
    act = AuditEvent.objects.get(action="endpoint.added")
    assert (act.account_id, act.subject_id, act.facts) == (cast.account.id, made.id, {})


def test_the_operators_lies_in_no_account(cast: Cast) -> None:
    made, _ = add_endpoint(OPERATOR, URL, "", [], NOW)
    row = WebhookEndpoint.objects.get()
    assert (row.slot, row.account_id) == (0, None)
    assert [one.id for one in endpoints.of_account(None)] == [made.id]
    assert endpoints.of_account(cast.account.id) == []


REFUSED = {
    "http": ({"url": "http://partner.example/"}, "endpoint_refused"),
    "inside": ({"url": "https://10.0.0.1/"}, "endpoint_refused"),
    "loopback": ({"url": "http://localhost:8000/"}, "endpoint_refused"),
    "password": ({"url": "https://a:b@partner.example/"}, "endpoint_refused"),
    "nothing": ({"url": ""}, "endpoint_refused"),
    "event": ({"kinds": ["line.renewed", "line.sold"]}, "event_unknown"),
    "name": ({"name": "x" * 61}, "name_refused"),
    "name in lines": ({"name": "a\nb"}, "name_refused"),
}


@pytest.mark.parametrize(("changes", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_leaves_nothing(cast: Cast, changes: dict[str, str], code: str) -> None:
    values = {"url": URL, "name": "", "kinds": [], **changes}
    with pytest.raises(FlowRefused) as refused:
        add_endpoint(owner_of(cast), **values, now=NOW)
    assert refused.value.code == code
    assert WebhookEndpoint.objects.count() == 0
    assert not AuditEvent.objects.filter(action="endpoint.added").exists()


def test_there_may_be_so_many_of_each_owner(cast: Cast) -> None:
    for _ in range(MOST):
        add_endpoint(owner_of(cast), URL, "", [], NOW)
    with pytest.raises(FlowRefused, match="endpoints_full"):
        add_endpoint(owner_of(cast), URL, "", [], NOW)
    add_endpoint(OPERATOR, URL, "", [], NOW)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("owned", [True, False], ids=["account", "operator"])
def test_no_more_come_in_at_once(cast: Cast, owned: bool) -> None:
    owner = owner_of(cast) if owned else OPERATOR
    for _ in range(MOST - 1):
        add_endpoint(owner, URL, "", [], NOW)
    answers = at_once([lambda: add_endpoint(owner, URL, "", [], NOW)] * 4)
    refused = [each.code for each in answers if isinstance(each, FlowRefused)]
    assert refused == ["endpoints_full"] * 3
    assert WebhookEndpoint.objects.count() == MOST


def test_keys_that_were_changed_close_it_and_no_other(cast: Cast) -> None:
    broken, _ = add_endpoint(owner_of(cast), URL, "", [], NOW)
    good, _ = add_endpoint(owner_of(cast), URL, "", [], NOW)
    rows = WebhookEndpoint.objects
    rows.filter(id=broken.id).update(sealed_secrets=rows.get(id=good.id).sealed_secrets)
    found = {one.id: one for one in endpoints.told_of([cast.account.id])}
    assert (len(found[broken.id].secrets), len(found[good.id].secrets)) == (0, 1)

"""revoke_token: at once and for good, and only one's own."""

import pytest

from keepline.accounts.queries import account_for_token
from keepline.audit.models import AuditEvent
from keepline.flows.issue_token import issue_token
from keepline.flows.revoke_token import revoke_token
from tests.cast import NOW, account, person

pytestmark = pytest.mark.django_db


def test_it_opens_nothing_any_more() -> None:
    dora = person("dora")
    own = account(dora)
    issued = issue_token(dora, own.id, "Shop", NOW)
    assert revoke_token(dora, own.id, issued.token.pk, NOW)
    assert account_for_token(issued.secret, NOW) is None
    assert not revoke_token(dora, own.id, issued.token.pk, NOW)
    assert AuditEvent.objects.filter(action="token.revoked").count() == 1


def test_nobody_revokes_another_ones() -> None:
    dora, eve = person("dora"), person("eve")
    own = account(dora)
    issued = issue_token(dora, own.id, "Shop", NOW)
    assert not revoke_token(eve, account(eve).id, issued.token.pk, NOW)
    assert account_for_token(issued.secret, NOW) is not None

"""choose_account: for which of their accounts a user acts."""

import pytest

from keepline.accounts.models import Membership, Role
from keepline.accounts.queries import membership_of
from keepline.audit.models import AuditEvent
from keepline.flows.choose_account import choose
from keepline.flows.errors import FlowRefused
from tests.cast import NOW, account, assemble

pytestmark = pytest.mark.django_db


def test_the_last_choice_counts() -> None:
    cast = assemble()
    second = account(cast.alice)
    for account_id in (second.id, cast.account.id, second.id):
        choose(cast.alice.pk, account_id, NOW)
        member = membership_of(cast.alice.pk)
        assert member is not None
        assert member.account_id == account_id
    assert AuditEvent.objects.filter(action="account.chosen").count() == 3


def test_another_role_comes_along() -> None:
    cast = assemble()
    Membership.objects.create(user=cast.charlie, account_id=cast.account.id, role=Role.SEE)
    choose(cast.charlie.pk, cast.account.id, NOW)
    member = membership_of(cast.charlie.pk)
    assert member is not None
    assert member.role == Role.SEE


def test_an_account_of_others_is_not_there() -> None:
    cast = assemble()
    with pytest.raises(FlowRefused, match="not_found"):
        choose(cast.charlie.pk, cast.account.id, NOW)
    member = membership_of(cast.charlie.pk)
    assert member is not None
    assert member.account_id == cast.other_account.id

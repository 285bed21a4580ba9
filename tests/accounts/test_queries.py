"""Who is told, and whose account comes first."""

import pytest
from allauth.account.models import EmailAddress

from keepline.accounts.models import Membership, Role
from keepline.accounts.queries import addresses_among, member_account
from tests.cast import account, person

pytestmark = pytest.mark.django_db


def test_told_are_those_who_answer_for_the_account_by_verified_mail() -> None:
    alice, bob, mara, una = (person(name) for name in ("alice", "bob", "mara", "una"))
    own = account(alice)
    Membership.objects.create(user=bob, account_id=own.id, role=Role.SEE)
    Membership.objects.create(user=mara, account_id=own.id, role=Role.MANAGE)
    Membership.objects.create(user=una, account_id=own.id, role=Role.MANAGE)
    EmailAddress.objects.filter(user=una).update(verified=False)
    told = addresses_among([own.id])[own.id]
    assert [one.to for one in told] == ["alice@example.com", "mara@example.com"]
    assert (told[0].name, told[0].language, told[0].time_zone) == ("Alice", "en", "UTC")


def test_who_left_is_not_told() -> None:
    alice = person("alice", is_active=False)
    assert addresses_among([account(alice).id]) == {}


def test_a_user_without_account_has_none() -> None:
    assert member_account(person("staff")) is None

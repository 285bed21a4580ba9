"""issue_token: the secret is shown once, kept as a digest, and opens its account in one query."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.accounts.models import ApiToken, Membership
from keepline.accounts.queries import account_for_token
from keepline.flows.issue_token import issue_token
from tests.cast import NOW, account, person

pytestmark = pytest.mark.django_db


def test_the_secret_opens_the_account(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    dora = person("dora")
    own = account(dora)
    issued = issue_token(dora, own.id, " Shop ", NOW)
    with django_assert_num_queries(1):
        holder = account_for_token(issued.secret, NOW)
    assert holder is not None
    assert (holder.user_id, holder.account_id, holder.role) == (dora.pk, own.id, "owner")
    assert issued.token.name == "Shop"


def test_the_secret_is_not_stored() -> None:
    dora = person("dora")
    issued = issue_token(dora, account(dora).id, "Shop", NOW)
    row = ApiToken.objects.values().get()
    assert issued.secret not in str(row)
    assert len(bytes(row["digest"])) == 32


def test_what_opens_nothing() -> None:
    dora = person("dora")
    own = account(dora)
    short = issue_token(dora, own.id, "Shop", NOW, valid_days=1)
    assert account_for_token(short.secret, NOW + timedelta(hours=23)) is not None
    assert account_for_token(short.secret, NOW + timedelta(days=1)) is None
    assert account_for_token("kl_" + "x" * 43, NOW) is None
    assert account_for_token("", NOW) is None
    Membership.objects.filter(user=dora).delete()
    assert account_for_token(short.secret, NOW) is None

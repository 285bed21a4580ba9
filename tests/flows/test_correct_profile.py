"""correct_profile: what is corrected is shown; what is unknown is refused and nothing changes."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from keepline.accounts.models import Account, User
from keepline.audit.models import AuditEvent
from keepline.flows.correct_profile import correct_profile
from keepline.ledger.models import Wallet
from tests.cast import NOW, account, person

pytestmark = pytest.mark.django_db

SAME: dict[str, Any] = {
    "name": "Dora",
    "language": "en",
    "time_zone": "UTC",
    "currency": "USD",
    "now": NOW,
}


@pytest.fixture
def dora() -> User:
    return person("dora")


@pytest.fixture
def own(dora: User) -> Account:
    return account(dora)


def test_what_changed_is_told_and_kept(dora: User, own: Account) -> None:
    new = {**SAME, "name": "Dora D.", "language": "zh-hans", "currency": "CNY"}
    assert correct_profile(dora, own.id, **new) == ["name", "language", "currency"]
    dora.refresh_from_db()
    assert (dora.name, dora.language) == ("Dora D.", "zh-hans")
    assert Account.objects.by_id(own.id).currency == "CNY"
    assert set(Wallet.objects.filter(account_id=own.id).values_list("currency", flat=True)) == {
        "USD",
        "CNY",
    }
    assert AuditEvent.objects.get(action="account.corrected").facts["changed"] == [
        "name",
        "language",
        "currency",
    ]


def test_a_country_is_said_and_unsaid(dora: User, own: Account) -> None:
    assert correct_profile(dora, own.id, **SAME, country="AT") == ["country"]
    assert correct_profile(dora, own.id, **SAME) == []
    assert Account.objects.by_id(own.id).country == "AT"
    assert correct_profile(dora, own.id, **SAME, country="") == ["country"]
    assert Account.objects.by_id(own.id).country == ""


def test_nothing_changed_leaves_no_trail(dora: User, own: Account) -> None:
    assert correct_profile(dora, own.id, **SAME) == []
    assert not AuditEvent.objects.filter(action="account.corrected").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Base"),
        ("time_zone", "../etc/passwd"),
        ("language", "xx"),
        ("currency", "XTS"),
        ("country", "EU"),
    ],
)
def test_the_unknown_is_refused(dora: User, own: Account, field: str, value: str) -> None:
    with pytest.raises(ValidationError):
        correct_profile(dora, own.id, **{**SAME, "name": "Other", field: value})
    dora.refresh_from_db()
    assert (dora.name, dora.language, dora.time_zone) == ("Dora", "en", "UTC")

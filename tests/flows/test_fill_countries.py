"""fill_countries: a base that was taken over gets the countries of its contacts' numbers."""

import pytest

from keepline.accounts.models import Account
from keepline.audit.models import AuditEvent
from keepline.flows import fill_countries as module
from keepline.flows.fill_countries import ACTION, fill_countries
from tests.cast import NOW, account, person

pytestmark = pytest.mark.django_db


def test_what_nobody_said_is_filled_in_and_what_somebody_said_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    given = {
        "german": ("+4915112345678", ""),
        "moved": ("+4915112345678", "AT"),
        "nobody": ("", ""),
        "satellite": ("+881612345678", ""),
        "chinese": ("+8613800138000", ""),
    }
    made = {}
    for name, (phone, country) in given.items():
        made[name] = account(person(name)).id
        Account.objects.filter(id=made[name]).update(contact_phone=phone, country=country)
    assert fill_countries("operator", NOW) == {"DE": 1, "CN": 1}
    homes = {name: Account.objects.by_id(made[name]).country for name in made}
    assert homes == {"german": "DE", "moved": "AT", "nobody": "", "satellite": "", "chinese": "CN"}
    assert AuditEvent.objects.filter(action=ACTION).exists()
    assert fill_countries("operator", NOW) == {}

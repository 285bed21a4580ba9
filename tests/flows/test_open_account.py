"""open_account: account, owner and wallet are there together, or not at all."""

import pytest
from django.db import IntegrityError

from keepline.accounts.models import Account, Membership, Role
from keepline.accounts.queries import member_account, membership_of
from keepline.audit.models import AuditEvent
from keepline.core.ids import slot_of
from keepline.flows.open_account import open_account
from keepline.ledger import services as ledger
from keepline.ledger.models import Wallet
from tests.cast import NOW, person

pytestmark = pytest.mark.django_db


def test_account_owner_wallet_and_trail() -> None:
    user = person("dora")
    opened = open_account(user, "EUR", "en", "Europe/Berlin", NOW)
    account = member_account(user)
    assert account is not None
    assert account.id == opened.account_id
    assert (account.currency, account.time_zone, account.opened_at) == ("EUR", "Europe/Berlin", NOW)
    membered = membership_of(user.pk)
    assert membered is not None
    assert (membered.role, membered.slot) == (Role.OWNER, account.slot)
    wallet = Wallet.objects.by_id(opened.wallet_id)
    assert (wallet.currency, wallet.posted_minor, wallet.slot) == ("EUR", 0, account.slot)
    event = AuditEvent.objects.get(account_id=account.id)
    assert (event.action, event.actor) == ("account.opened", f"user:{user.pk}")


def test_nothing_is_left_when_the_wallet_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise IntegrityError("no")

    monkeypatch.setattr(ledger, "open_wallet", broken)
    with pytest.raises(IntegrityError):
        open_account(person("dora"), "EUR", "en", "UTC", NOW)
    assert not Account.objects.exists()
    assert not Membership.objects.exists()


def test_slots_are_spread() -> None:
    user = person("dora")
    opened = [open_account(user, "EUR", "en", "UTC", NOW).account_id for _ in range(12)]
    assert len({slot_of(account_id) for account_id in opened}) > 1

"""Accounts as an import leaves them: contacts on file, and no member."""

from typing import Any

from keepline.accounts.models import Account, Membership
from tests.cast import Cast, assemble


def unclaimed(email: str = "", phone: str = "", suffix: str = "", **fields: Any) -> Cast:
    """Who stands around, and an account with a line of which nobody is a member."""
    cast = assemble(suffix=suffix, code=f"plan{suffix}-1m", **fields)
    Membership.objects.filter(account_id=cast.account.id).delete()
    rows = Account.objects.filter(slot=cast.account.slot, id=cast.account.id)
    rows.update(external_ref=f"old-{cast.account.id}", contact_email=email, contact_phone=phone)
    return cast

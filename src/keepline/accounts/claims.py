"""Accounts that came with an import and have no member yet: unclaimed (docs/claims.md)."""

from collections.abc import Collection, Sequence
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, QuerySet

from keepline.accounts.identity import lock_account
from keepline.accounts.models import Account, Membership, Role, User
from keepline.core.ids import slot_of, slots_of

AT_ONCE = 20  # a reseller's address may be on file for thousands
SHOWN = 5


def _unclaimed() -> QuerySet[Account]:
    members = Membership.objects.filter(account_id=OuterRef("id"))
    rows: QuerySet[Account] = Account.objects.filter(~Exists(members))
    return rows.filter(external_ref__isnull=False, closed_at=None)


def on_file_by_email(user: User) -> list[Account]:
    """Unclaimed accounts whose e-mail is a verified one of the user's; of many the next few. Two
    queries at most."""
    verified = EmailAddress.objects.filter(user=user, verified=True)
    emails = [email.lower() for email in verified.values_list("email", flat=True)]
    rows = _unclaimed().filter(contact_email__in=emails) if emails else Account.objects.none()
    return list(rows.order_by("id")[:AT_ONCE])


def on_file_by_phone(user: User, account_id: UUID | None) -> list[Account]:
    """The account if it is unclaimed, and its phone one that the user has shown to be theirs since
    the account came. The caller has seen that the number is on a line of that account: any other
    may be a stranger's by now, and so may one that was shown before."""
    if account_id is None or not user.phone_verified or user.phone_shown_at is None:
        return []
    rows = _unclaimed().filter(slot=slot_of(account_id), id=account_id, contact_phone=user.phone)
    return list(rows.filter(opened_at__lte=user.phone_shown_at))


def contacts_among(account_ids: Collection[UUID]) -> Sequence[Account]:
    """The unclaimed ones that have an e-mail on file. One query, or none without ids."""
    if not account_ids:
        return ()
    rows = _unclaimed().filter(slot__in=slots_of(account_ids), id__in=list(account_ids))
    return list(rows.exclude(contact_email=""))


def is_unclaimed(account: Account) -> bool:
    """Whether it waits for its holder. One query for an account of an import, none for others."""
    imported = account.external_ref is not None and account.closed_at is None
    return imported and not Membership.objects.filter(account_id=account.id).exists()


def accounts_by_email(email: str) -> list[UUID]:
    """For staff: of who signs in with the address, and the unclaimed ones that have it on file; no
    more than SHOWN of either. Two queries."""
    own = Membership.objects.filter(user__email__iexact=email).order_by("since_at", "id")
    kept = _unclaimed().filter(contact_email=email.lower()).order_by("id")
    return [
        *own.values_list("account_id", flat=True)[:SHOWN],
        *kept.values_list("id", flat=True)[:SHOWN],
    ]


def become_owner(user: User, account_id: UUID) -> bool:
    """Makes the user its first member. False: somebody was faster.

    In the caller's transaction; the account is locked, so that of two one comes second.
    """
    lock_account(account_id)
    if Membership.objects.filter(account_id=account_id).exists():
        return False
    Membership.objects.create(user=user, account_id=account_id, role=Role.OWNER)
    return True


def count_out_of_reach() -> int:
    """Unclaimed accounts that no letter reaches."""
    return _unclaimed().filter(contact_email="").count()

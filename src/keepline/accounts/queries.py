"""Reads of accounts."""

import hashlib
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from allauth.account.models import EmailAddress
from babel.core import get_global
from django.conf import settings
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Value

from keepline.accounts import phones
from keepline.accounts.models import Account, ApiToken, Membership, Role, User
from keepline.core.ids import slot_of
from keepline.slots.sql import fetch_one

NO_COUNTRY = ("ZZ", "001")  # unknown, and the world, in CLDR and phonenumbers


class TokenHolder(NamedTuple):
    """Who speaks through an API token, and for which account."""

    token_id: int
    user_id: int
    account_id: UUID
    slot: int
    role: str
    language: str
    time_zone: str
    currency: str
    clock_at: datetime | None  # what the account's test clock shows; None: real time


class Membered(NamedTuple):
    """The account that a user acts for, and as what."""

    account_id: UUID
    slot: int
    role: str
    clock_at: datetime | None = None  # what the account's test clock shows; None: real time


class Recipient(NamedTuple):
    """Somebody who is told what happens to an account. `to`: their verified e-mail or mobile number
    (E.164 with +), whichever was asked for; "" where neither was."""

    user_id: int
    to: str
    name: str
    language: str
    time_zone: str
    former_phone: str = ""  # a number of theirs that left them: it opens nothing any more


TOLD = (Role.OWNER, Role.MANAGE)
SPENDERS = frozenset({Role.SPEND.value, Role.MANAGE.value, Role.OWNER.value})
# Who may pay or only look is a helper, and sees nothing of what others write to the holder.
READERS = frozenset({Role.RECEIVE.value, Role.MANAGE.value, Role.OWNER.value})
MANAGERS = frozenset({Role.MANAGE.value, Role.OWNER.value})
KEEPERS = MANAGERS

HOLDER_BY_DIGEST = """
SELECT t.id, t.user_id, t.account_id, a.slot, m.role, u.language, u.time_zone, a.currency,
       c.now_at
  FROM accounts_apitoken t
  JOIN accounts_user u ON u.id = t.user_id AND u.is_active
  JOIN accounts_membership m ON m.user_id = t.user_id AND m.account_id = t.account_id
  JOIN accounts_account a ON a.slot = t.slot AND a.id = t.account_id AND a.closed_at IS NULL
  LEFT JOIN accounts_testclock c ON c.id = a.clock_id
 WHERE t.digest = %s AND t.revoked_at IS NULL
   AND (t.expires_at IS NULL OR t.expires_at > %s)
"""


MEMBERSHIP = """
SELECT m.account_id, m.role, NULL::timestamptz AS clock_at FROM accounts_membership m
 WHERE m.user_id = %s
 ORDER BY m.is_chosen DESC, m.role <> 'owner', m.since_at, m.id LIMIT 1
"""
MEMBERSHIP_AND_CLOCK = """
SELECT m.account_id, m.role, c.now_at AS clock_at FROM accounts_membership m
  LEFT JOIN accounts_account a ON a.id = m.account_id AND a.clock_id <> 0
  LEFT JOIN accounts_testclock c ON c.id = a.clock_id
 WHERE m.user_id = %s
 ORDER BY m.is_chosen DESC, m.role <> 'owner', m.since_at, m.id LIMIT 1
"""


def token_digest(secret: str) -> bytes:
    """SHA-256 of the secret: 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()


def account_for_token(secret: str, now: datetime) -> TokenHolder | None:
    """The holder of a live token, in one query; None for any other string."""
    row = fetch_one(HOLDER_BY_DIGEST, [token_digest(secret), now])
    return TokenHolder(*row) if row else None


def may_spend(role: str) -> bool:
    """Whether a member in this role may move money and change lines; others only look."""
    return role in SPENDERS


def may_read(role: str) -> bool:
    """Whether a member in this role may read received messages."""
    return role in READERS


def may_keep(role: str) -> bool:
    """Whether a member in this role may erase messages, and say how long they are kept."""
    return role in KEEPERS


def may_manage(role: str) -> bool:
    """Whether a member in this role may also give a line up."""
    return role in MANAGERS


def membership_of(user_id: int) -> Membered | None:
    """The account that the user chose; else their own, else the first joined. One query."""
    # Production has no test clocks: memberships and accounts are not joined there.
    found = fetch_one(MEMBERSHIP if settings.PRODUCTION else MEMBERSHIP_AND_CLOCK, [user_id])
    if found is None:
        return None
    return Membered(found.account_id, slot_of(found.account_id), found.role, found.clock_at)


def roles_of(user_id: int) -> dict[UUID, str]:
    """Their role in each account they are a member of, the oldest membership first."""
    rows = Membership.objects.filter(user_id=user_id).order_by("since_at", "id")
    return dict(rows.values_list("account_id", "role"))


def member_account(user: User) -> Account | None:
    """The account `user` acts for; None before one is opened."""
    membered = membership_of(user.pk)
    return account(membered.account_id) if membered else None


def account(account_id: UUID) -> Account:
    """Raises Account.DoesNotExist."""
    found: Account = Account.objects.by_id(account_id)
    return found


def accounts_among(account_ids: Collection[UUID]) -> dict[UUID, Account]:
    """By id; for staff and letters. One query."""
    return {row.id: row for row in Account.objects.among(account_ids)}


def country_of(account_id: UUID) -> str | None:
    """Where the holder is at home: as they said, else by their number, else by their clock.

    ISO 3166-1; None when nothing tells. Raises Account.DoesNotExist.
    """
    row = account(account_id)
    if row.country:
        return row.country
    if row.contact_phone:
        country = phones.country_of(row.contact_phone)
        if country not in NO_COUNTRY:
            return country
    territory = get_global("zone_territories").get(row.time_zone)
    return str(territory) if territory and territory not in NO_COUNTRY else None


def numbers_without_country(after_id: UUID | None, limit: int) -> list[tuple[UUID, str]]:
    """Accounts of whose country nothing is known but their contact's number, by id."""
    rows = Account.objects.filter(country="").exclude(contact_phone="")
    if after_id is not None:
        rows = rows.filter(id__gt=after_id)
    return list(rows.order_by("id").values_list("id", "contact_phone")[:limit])


def user(user_id: int) -> User:
    """Raises User.DoesNotExist."""
    return User.objects.get(pk=user_id)


def live_tokens(user: User, account_id: UUID, now: datetime) -> QuerySet[ApiToken]:
    """Newest first; neither revoked nor expired."""
    alive = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    own = ApiToken.objects.filter(user=user, account_id=account_id, revoked_at__isnull=True)
    return own.filter(alive).order_by("-id")


def user_by_email(email: str) -> User | None:
    """Who signs in with this address, however it is written."""
    return User.objects.filter(email__iexact=email).first()


def user_by_phone(phone: str) -> User | None:
    """`phone` in E.164 with +."""
    return User.objects.filter(phone=phone).first()


def user_by_former_phone(phone: str) -> User | None:
    """Who signed in with this number alone until it left them, and while nobody else brings it.

    None as well when there are two of them: nothing tells whom the reader is.
    """
    if User.objects.filter(phone=phone).exists():
        return None
    alone = User.objects.filter(former_phone=phone, phone=None, email=None)
    found = list(alone[:2])
    return found[0] if len(found) == 1 else None


def lock_user(user_id: int) -> User:
    """The user under lock. Raises User.DoesNotExist."""
    found: User = User.objects.select_for_update(no_key=True).get(pk=user_id)
    return found


def sign_in_by(e164: int, account_id: UUID) -> Literal["", "also", "only"]:
    """Whether a member of the account signs in with the number; `only`: and has no e-mail."""
    emails = EmailAddress.objects.filter(user_id=OuterRef("pk"), verified=True)
    members = User.objects.filter(phone=f"+{e164}", memberships__account_id=account_id)
    found = members.values_list(Exists(emails), flat=True).first()
    return "" if found is None else "also" if found else "only"


def contacts_changed_at(account_id: UUID) -> datetime | None:
    """When one who may change the account's lines last got other contacts; None: never."""
    members = User.objects.filter(
        memberships__account_id=account_id, memberships__role__in=SPENDERS
    )
    found: datetime | None = members.aggregate(last=Max("contacts_changed_at"))["last"]
    return found


def has_verified_contact(user: User) -> bool:
    """Whether the user is known by anything yet: not so while they sign up."""
    known = bool(user.phone and user.phone_verified) or bool(user.former_phone)
    return known or EmailAddress.objects.filter(user=user, verified=True).exists()


def names_among(user_ids: Collection[int]) -> dict[int, str]:
    """How users are called, by id. One query, or none without ids."""
    rows = User.objects.filter(pk__in=list(user_ids)) if user_ids else ()
    return {row.pk: row.name or str(row) for row in rows}


def addresses_among(account_ids: Collection[UUID]) -> dict[UUID, list[Recipient]]:
    """Those who answer for each account and have a verified e-mail; the first member first.

    Accounts that have nobody are left out. One query.
    """
    return _told_among(
        account_ids,
        F("user__emailaddress__email"),
        user__emailaddress__primary=True,
        user__emailaddress__verified=True,
    )


def people_among(account_ids: Collection[UUID]) -> dict[UUID, list[Recipient]]:
    """The same, whether or not an e-mail or an SMS reaches them. One query."""
    return _told_among(account_ids, Value(""))


def phones_among(account_ids: Collection[UUID]) -> dict[UUID, list[Recipient]]:
    """The same of those who have a verified mobile number. One query."""
    return _told_among(account_ids, F("user__phone"), user__phone__gt="", user__phone_verified=True)


def _told_among(
    account_ids: Collection[UUID], to: F | Value, **reached: object
) -> dict[UUID, list[Recipient]]:
    """Each who answers for an account and is `reached` so."""
    members = Membership.objects.filter(
        account_id__in=set(account_ids), role__in=TOLD, user__is_active=True, **reached
    ).annotate(to=to)
    found: dict[UUID, list[Recipient]] = defaultdict(list)
    columns = [f"user__{name}" for name in ("name", "language", "time_zone", "former_phone")]
    rows = members.order_by("since_at", "id").values_list("account_id", "user_id", "to", *columns)
    for account_id, *values in rows:
        found[account_id].append(Recipient(*values))
    return dict(found)

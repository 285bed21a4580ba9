"""Writes of accounts: open, correct, detach lost numbers, API tokens."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from keepline.accounts import phones
from keepline.accounts.models import Account, ApiToken, Membership, Role, User
from keepline.accounts.queries import token_digest
from keepline.core.countries import known_countries
from keepline.core.ids import slot_of
from keepline.core.zones import known_zones
from keepline.slots.ids import new_id, random_slot
from keepline.slots.sql import execute

NAME_LENGTH = 120
TOKEN_PREFIX = "kl_"  # noqa: S105 (no secret: it tells a scanner what it found)


class IssuedToken(NamedTuple):
    """`secret` is shown once and never stored."""

    token: ApiToken
    secret: str


@transaction.atomic
def open_account(
    user: User, currency: str, language: str, time_zone: str, now: datetime
) -> Account:
    """A fresh account in a random slot, `user` its owner. currency: ISO 4217, zone: IANA."""
    slot = random_slot()
    account = Account.objects.create(
        slot=slot,
        id=new_id(slot),
        name=(user.name or str(user))[:NAME_LENGTH],
        currency=currency,
        language=language,
        time_zone=time_zone,
        country=country_of_phone(user.phone or ""),
        opened_at=now,
    )
    Membership.objects.create(user=user, account_id=account.id, role=Role.OWNER)
    return account


def correct_profile(
    user: User,
    *,
    name: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
) -> User:
    """Changes what is given; raises ValidationError for an unknown language or zone."""
    if language is not None:
        if language not in dict(settings.LANGUAGES):
            raise ValidationError({"language": "unknown language"})
        user.language = language
    if time_zone is not None:
        user.time_zone = known_zone(time_zone)
    if name is not None:
        user.name = name.strip()
    user.full_clean(validate_unique=False)
    user.save(update_fields=["name", "language", "time_zone"])
    return user


def choose_language(user: User, language: str) -> None:
    """The footer's switch; the caller has checked `language` against settings.LANGUAGES."""
    User.objects.filter(pk=user.pk).update(language=language)


def choose_account(user: User, account_id: UUID) -> bool:
    """Which of their accounts the user, who is locked, acts for. False for one they are no member
    of; then it stays as it was."""
    own = Membership.objects.filter(user=user)
    if not own.filter(account_id=account_id).exists():
        return False
    own.filter(is_chosen=True).update(is_chosen=False)
    own.filter(account_id=account_id).update(is_chosen=True)
    return True


def known_zone(name: str) -> str:
    """`name` when it is an IANA zone; raises ValidationError otherwise."""
    if name not in known_zones():
        raise ValidationError({"time_zone": "unknown time zone"})
    return name


def choose_currency(account: Account, currency: str) -> None:
    """What prices are shown in from now on; wallets in other currencies stay."""
    Account.objects.filter(slot=account.slot, id=account.id).update(currency=currency)


def choose_country(account: Account, country: str) -> None:
    """Where the holder is at home, ISO 3166-1; "" for unknown. Raises ValidationError."""
    if country and country not in known_countries():
        raise ValidationError({"country": "unknown country"})
    Account.objects.filter(slot=account.slot, id=account.id).update(country=country)


def country_of_phone(phone: str) -> str:
    """ISO 3166-1 of a number in E.164; "" when it tells none."""
    country = phones.country_of(phone) if phone else ""
    return country if country in known_countries() else ""


# A home is only ever filled in where nobody said one.
FILL_COUNTRIES = """
UPDATE accounts_account a SET country = found.country
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(countries)s::text[])
  AS found(slot, id, country)
WHERE a.slot = found.slot AND a.id = found.id AND a.country = ''
"""


def fill_countries(found: Mapping[UUID, str]) -> None:
    """The homes of accounts that have none yet. One statement."""
    execute(
        FILL_COUNTRIES,
        {
            "slots": [slot_of(account_id) for account_id in found],
            "ids": list(found),
            "countries": list(found.values()),
        },
    )


def set_phone(user: User, phone: str, verified: bool) -> None:
    """`phone` in E.164 with +. Raises IntegrityError when somebody else has it.

    One that was verified takes the place of a lost one.
    """
    user.phone = phone
    user.phone_verified = verified
    user.former_phone = "" if verified else user.former_phone
    user.save(update_fields=["phone", "phone_verified", "former_phone"])


def note_phone_shown(user: User, now: datetime) -> None:
    """A code has just reached the user at their number."""
    user.phone_shown_at = now
    user.save(update_fields=["phone_shown_at"])


def note_contacts_changed(user: User, now: datetime) -> None:
    """From now on numbers and SIMs wait (flows/contact_wait.py)."""
    user.contacts_changed_at = now
    user.save(update_fields=["contacts_changed_at"])


@transaction.atomic
def admit_user(password: str, email: str = "", phone: str = "", **profile: Any) -> User:
    """A user whose addresses count as verified: for the operator's own and for demo bases.

    profile: name, language, time_zone.
    """
    user = User.objects.create_user(
        email, password, phone=phone or None, phone_verified=bool(phone), **profile
    )
    if user.email:
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def set_staff(user: User, staff: bool) -> bool:
    """Whether it was otherwise before."""
    return User.objects.filter(pk=user.pk).exclude(is_staff=staff).update(is_staff=staff) == 1


DETACH = """
UPDATE accounts_user SET phone = NULL, phone_verified = false, former_phone = phone
WHERE phone = ANY(%(phones)s)
"""


def detach_phones(e164s: Collection[int]) -> int:
    """Numbers left their holders: none is sign-in or recovery any more. Returns of how many users.

    In the transaction that takes the numbers away, whose locks keep `set_phone` out.
    """
    return execute(DETACH, {"phones": [f"+{e164}" for e164 in e164s]})


def issue_token(
    user: User,
    account: Account,
    name: str,
    now: datetime,
    valid_days: int | None = None,
) -> IssuedToken:
    """256 random bits; only their SHA-256 is kept, which is enough for a secret of that size."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        slot=account.slot,
        account_id=account.id,
        name=name.strip()[:60],
        digest=token_digest(secret),
        created_at=now,
        expires_at=now + timedelta(days=valid_days) if valid_days else None,
    )
    return IssuedToken(token, secret)


def revoke_token(user: User, token_id: int, now: datetime) -> bool:
    """True when a token of `user` was alive until now."""
    own = ApiToken.objects.filter(pk=token_id, user=user, revoked_at__isnull=True)
    return own.update(revoked_at=now) == 1


def set_line_cap(account_id: UUID, cap: int | None) -> bool:
    """How many lines the account may have; None: as all others. False when there is none."""
    rows = Account.objects.filter(slot=slot_of(account_id), id=account_id)
    return rows.update(line_cap=cap) == 1

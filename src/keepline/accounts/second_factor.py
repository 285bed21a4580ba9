"""Second factors at rest: TOTP secrets and recovery seeds are stored encrypted."""

import base64
import hashlib
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from keepline.slots.resealing import Some

# What of each kind of factor is encrypted.
SECRETS = {"totp": {"secret"}, "recovery_codes": {"seed", "migrated_codes"}}


def cipher() -> MultiFernet:
    """Encrypts with SECRET_KEY, still reads what SECRET_KEY_FALLBACKS encrypted."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(str(secret))) for secret in secrets])


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(f"second factor:{secret}".encode()).digest())


def reseal(after: int | None, limit: int) -> Some:
    """Of `limit` factors behind `after` (None: the first), those that are not under SECRET_KEY.

    In the caller's transaction. What is used up meanwhile waits for it: recovery codes stay used.
    """
    rows = Authenticator.objects.filter(pk__gt=after or 0, type__in=SECRETS)
    locked = rows.select_for_update(no_key=True, skip_locked=True).order_by("pk")[:limit]
    first, done, broken, last = Fernet(_key(settings.SECRET_KEY)), 0, 0, None
    for row in locked:
        last = row.pk
        try:
            anew = {name: _anew(first, row.data[name]) for name in SECRETS[row.type] & {*row.data}}
        except InvalidToken:
            broken += 1
            continue
        if any(anew[name] != row.data[name] for name in anew):
            row.data |= anew
            row.save(update_fields=["data"])
            done += 1
    return Some(done, broken, last)


def _anew(first: Fernet, sealed: Any) -> Any:
    """A token, or a list of them, under the first key. Raises InvalidToken."""
    if isinstance(sealed, list):
        return [_anew(first, each) for each in sealed]
    try:
        first.decrypt(sealed.encode())
    except InvalidToken:
        return cipher().rotate(sealed.encode()).decode()
    return sealed


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth's rules, with secrets that a copy of the database does not give away."""

    def encrypt(self, text: str) -> str:
        return cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Keepline"}

"""Endpoints of webhooks: kept, told apart, their secrets sealed. docs/webhooks-out.md"""

import base64
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from keepline.core.ids import slot_of, slots_of
from keepline.gateways.messaging.webhooks import SigningSecret
from keepline.messages.outward_models import WebhookEndpoint
from keepline.slots.ids import new_id
from keepline.slots.sealing import SealBroken, Sealer, keys_for
from keepline.slots.sql import execute

PURPOSE: Final = b"keepline: secrets of webhook endpoints"
SECRET_BYTES: Final = 32  # Standard Webhooks: 24 to 64
OVERLAP: Final = timedelta(hours=24)
OPERATORS_SLOT: Final = 0
LOCK_KIND: Final = 1_262_701_637  # "KCLE" in ASCII: the first half of the advisory lock's key
GIVES_UP_AFTER: Final = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint, opened. `account_id`: None for the operator's. `kinds`: empty for all."""

    id: UUID
    account_id: UUID | None
    url: str = field(repr=False)
    name: str
    kinds: frozenset[str]
    secrets: Sequence[SigningSecret] = field(repr=False)
    created_at: datetime
    failing_since: datetime | None
    off_since: datetime | None
    off_reason: str

    @property
    def is_on(self) -> bool:
        return self.off_since is None

    @property
    def recipient(self) -> str:
        """How deliveries name it."""
        return recipient_of(self.id)

    @property
    def overlap_until(self) -> datetime | None:
        """How long a secret before the one in force signs as well."""
        return max((each.until for each in self.secrets if each.until), default=None)


def recipient_of(endpoint_id: UUID) -> str:
    """endpoint:UUID"""
    return f"endpoint:{endpoint_id}"


def of_account(account_id: UUID | None) -> list[Endpoint]:
    """The account's, or the operator's, the oldest first. One query."""
    slot = slot_of(account_id) if account_id else OPERATORS_SLOT
    rows = WebhookEndpoint.objects.filter(slot=slot, account_id=account_id)
    return [_opened(row) for row in rows.order_by("id")]


def find(endpoint_id: UUID, account_id: UUID | None) -> Endpoint | None:
    """The endpoint when it is this account's (None: the operator's); None for any other."""
    row = WebhookEndpoint.objects.find(endpoint_id)
    return _opened(row) if row is not None and row.account_id == account_id else None


def told_of(account_ids: Collection[UUID]) -> list[Endpoint]:
    """Those that are on and are told of these accounts: their own, and the operator's.

    One query.
    """
    own = Q(slot__in=slots_of(account_ids), account_id__in=set(account_ids))
    operators = Q(slot=OPERATORS_SLOT, account_id__isnull=True)
    rows = WebhookEndpoint.objects.filter(own | operators, off_since__isnull=True)
    return [_opened(row) for row in rows.order_by("id")]


def lock_owner(account_id: UUID | None) -> None:
    """Nobody else counts or adds the owner's endpoints until the caller's transaction ends."""
    owner = str(account_id or OPERATORS_SLOT)
    execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK_KIND, owner))


def add(
    account_id: UUID | None, url: str, name: str, kinds: Collection[str], now: datetime
) -> tuple[Endpoint, str]:
    """The endpoint, and its secret, which is told here alone. In the caller's transaction."""
    slot = slot_of(account_id) if account_id else OPERATORS_SLOT
    endpoint_id, secret = new_id(slot), _new_secret()
    row = WebhookEndpoint.objects.create(
        slot=slot,
        id=endpoint_id,
        account_id=account_id,
        url=url,
        name=name,
        kinds=sorted(kinds),
        sealed_secrets=_sealed(endpoint_id, [SigningSecret(secret, None)]),
        created_at=now,
    )
    return _opened(row), secret


def change(endpoint_id: UUID, **columns: Any) -> None:
    """Changes name, kinds, url. In the caller's transaction."""
    _rows(endpoint_id).update(**columns)


def remove(endpoint_id: UUID) -> None:
    """Its secrets go with it. In the caller's transaction."""
    _rows(endpoint_id).delete()


def rotate(endpoint_id: UUID, now: datetime) -> str:
    """A new secret in force; those before sign for OVERLAP as well. In the caller's transaction."""
    row = _rows(endpoint_id).select_for_update().get()
    before = [each for each in _opened(row).secrets if each.signs_at(now)]
    secret = _new_secret()
    kept = [SigningSecret(each.text, each.until or now + OVERLAP) for each in before]
    sealed = _sealed(endpoint_id, [SigningSecret(secret, None), *kept])
    _rows(endpoint_id).update(sealed_secrets=sealed)
    return secret


def switch_on(endpoint_id: UUID) -> None:
    """What it did wrong before is forgotten."""
    _rows(endpoint_id).update(off_since=None, off_reason="", failing_since=None)


def switch_off(endpoint_id: UUID, reason: str, now: datetime) -> bool:
    """`reason`: asked, gone, failing. False when it is off already."""
    on = _rows(endpoint_id).filter(off_since__isnull=True)
    return bool(on.update(off_since=now, off_reason=reason) == 1)


def note_success(endpoint_id: UUID) -> None:
    """Writes only after a failure: an endpoint that works costs nothing."""
    _rows(endpoint_id).filter(failing_since__isnull=False).update(failing_since=None)


NOTE_FAILURE = """
UPDATE messages_webhookendpoint SET failing_since = %(now)s
WHERE slot = %(slot)s AND id = %(id)s AND failing_since IS NULL
"""


def note_failure(endpoint_id: UUID, now: datetime) -> None:
    """Notes when it began."""
    execute(NOTE_FAILURE, {"slot": slot_of(endpoint_id), "id": endpoint_id, "now": now})


def has_failed_for_long(endpoint: Endpoint, now: datetime) -> bool:
    """Whether it is time to give up."""
    since = endpoint.failing_since
    return since is not None and now - since >= GIVES_UP_AFTER


def _rows(endpoint_id: UUID) -> Any:
    return WebhookEndpoint.objects.filter(slot=slot_of(endpoint_id), id=endpoint_id)


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sealer() -> Sealer:
    """Of their secrets, under keys that are derived from the secret key."""
    return Sealer(keys_for(PURPOSE, ()))


def _sealed(endpoint_id: UUID, kept: Sequence[SigningSecret]) -> str:
    values = [[each.text, each.until.isoformat() if each.until else None] for each in kept]
    return sealer().seal(str(endpoint_id), {"secrets": values})


def _opened(row: WebhookEndpoint) -> Endpoint:
    try:
        told = sealer().open(str(row.id), row.sealed_secrets)["secrets"]
    except SealBroken:  # the keys were changed: it needs a new secret, and others go on
        told = []
    return Endpoint(
        id=row.id,
        account_id=row.account_id,
        url=row.url,
        name=row.name,
        kinds=frozenset(row.kinds),
        secrets=[
            SigningSecret(text, datetime.fromisoformat(until) if until else None)
            for text, until in told
        ],
        created_at=row.created_at,
        failing_since=row.failing_since,
        off_since=row.off_since,
        off_reason=row.off_reason,
    )

"""Browsers that show messages: subscribed, found, forgotten. Where each is reached lies sealed."""

from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

from keepline.gateways.messaging.push import Subscription
from keepline.messages.outward_models import PushSubscription
from keepline.slots.sealing import SealBroken, Sealer, keys_for

PURPOSE: Final = b"keepline: browsers that show messages"
LONGEST_BROWSER: Final = 200
MOST: Final = 10  # of one user; the oldest goes


class Browser(NamedTuple):
    """One of a user's, as their page lists it."""

    id: int
    user_agent: str
    subscribed_at: datetime


def digest_of(endpoint: str) -> bytes:
    """By which a browser is known."""
    return sha256(endpoint.encode()).digest()


def subscribe(user_id: int, to: Subscription, user_agent: str, now: datetime) -> bool:
    """Whether the browser is new to the user. In the caller's transaction.

    A browser shows messages of whoever subscribed last: another's row moves.
    """
    digest = digest_of(to.endpoint)
    known = PushSubscription.objects.filter(user_id=user_id, digest=digest).exists()
    values = {"endpoint": to.endpoint, "p256dh": to.p256dh, "auth": to.auth}
    PushSubscription.objects.update_or_create(
        digest=digest,
        defaults={
            "user_id": user_id,
            "sealed": sealer().seal(digest.hex(), values),
            "browser": user_agent[:LONGEST_BROWSER],
            "subscribed_at": now,
        },
    )
    own = PushSubscription.objects.filter(user_id=user_id).order_by("-subscribed_at", "-id")
    too_many = list(own.values_list("id", flat=True)[MOST:])
    if too_many:
        PushSubscription.objects.filter(id__in=too_many).delete()
    return not known


def unsubscribe(user_id: int, browser_id: int) -> bool:
    """False when the user has no such browser."""
    gone, _ = PushSubscription.objects.filter(user_id=user_id, id=browser_id).delete()
    return gone > 0


def unsubscribe_at(user_id: int, endpoint: str) -> bool:
    """The same by the address that the browser itself knows."""
    own = PushSubscription.objects.filter(user_id=user_id, digest=digest_of(endpoint))
    gone, _ = own.delete()
    return gone > 0


def forget(endpoints: Collection[str]) -> int:
    """Those whose push service says that they are gone; how many."""
    digests = [digest_of(endpoint) for endpoint in endpoints]
    gone, _ = PushSubscription.objects.filter(digest__in=digests).delete()
    return gone


def of_user(user_id: int) -> list[Browser]:
    """The newest first. One query."""
    rows = PushSubscription.objects.filter(user_id=user_id).order_by("-subscribed_at", "-id")
    return [Browser(row.id, row.browser, row.subscribed_at) for row in rows]


def among(user_ids: Collection[int]) -> dict[int, list[Subscription]]:
    """Where the browsers of these users are reached. One query."""
    found: dict[int, list[Subscription]] = defaultdict(list)
    opener = sealer()
    for row in PushSubscription.objects.filter(user_id__in=set(user_ids)).order_by("id"):
        with suppress(SealBroken):  # the keys were changed: it must subscribe again
            values = opener.open(bytes(row.digest).hex(), row.sealed)
            found[row.user_id].append(Subscription(**values))
    return dict(found)


def sealer() -> Sealer:
    """Of their addresses, under keys that are derived from the secret key."""
    return Sealer(keys_for(PURPOSE, ()))

"""When to try again, as data."""

from datetime import timedelta
from itertools import accumulate
from uuid import UUID

__all__ = [
    "DUNNING_DAYS",
    "MESSAGE_PAUSES",
    "NOTICE_DAYS",
    "WEBHOOK_PAUSES",
    "delivery_ask_after",
    "doubled",
    "next_ask_after",
    "spread",
]

# A provider that gave no answer is asked again: soon while somebody waits, then as the janitor
# of payments does everywhere (5 minutes, 1 hour, 1 day).
_ASKS = (
    timedelta(seconds=5),
    timedelta(seconds=15),
    timedelta(seconds=60),
    timedelta(minutes=5),
    timedelta(hours=1),
)
# A network is asked within the order's promise (10 minutes by default).
_DELIVERY_ASKS = tuple(timedelta(seconds=s) for s in (5, 10, 20, 45, 90, 180))

# Standard Webhooks' pauses, shortened to three days: letters go the same way.
MESSAGE_PAUSES = tuple(
    timedelta(seconds=s) for s in (5, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000)
)

# Standard Webhooks' pauses: three days in all, for programs whose people sleep on Sundays.
WEBHOOK_PAUSES = tuple(
    timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)

# Days before (negative) and after the expiry: when the holder is told that a saved method will be
# charged, and when it is tried until it works. A hard decline ends the tries.
NOTICE_DAYS = (-7, -3)
DUNNING_DAYS = (-3, -2, -1, 0, 1, 3, 5, 7)


def next_ask_after(asks: int, waited: timedelta) -> timedelta:
    """The pause after `asks` silences of a provider, from 0 on, when an answer was `waited` for.

    A holder asks as well, with every look at the page: many silences in a few minutes shall not
    put the next one off for a day.
    """
    planned = [pause for pause, due in zip(_ASKS, accumulate(_ASKS), strict=True) if due <= waited]
    place = min(asks, len(planned))
    return _ASKS[place] if place < len(_ASKS) else timedelta(days=1)


def doubled(first: timedelta, attempts: int, longest: timedelta) -> timedelta:
    """The pause after `attempts` silences, from 0 on: `first`, twice as long each time."""
    return min(first * (1 << min(attempts, 30)), longest)


def spread(pause: timedelta, who: UUID) -> timedelta:
    """Up to an eighth longer, by who waits: what failed at once does not all come back at once."""
    return pause + pause * (who.int % 1024) / 8192


def delivery_ask_after(attempts: int, who: UUID) -> timedelta:
    """The pause after `attempts` silences of a network, from 1 on.

    Up to a quarter shorter, by who waits: those that were held at once do not all come back at
    once.
    """
    longest = _DELIVERY_ASKS[min(max(attempts, 1), len(_DELIVERY_ASKS)) - 1]
    return longest - longest * (who.int % 1024) / 4096

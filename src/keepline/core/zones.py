"""The time zones that a person or a line may have."""

from functools import cache
from zoneinfo import available_timezones

__all__ = ["known_zones"]

# Names of a machine's own files, which no other machine and no database need know.
LOCAL = frozenset({"localtime", "posixrules", "Factory"})


@cache
def known_zones() -> frozenset[str]:
    """The names of the IANA time zone database that every copy of it has."""
    return frozenset(available_timezones()) - LOCAL

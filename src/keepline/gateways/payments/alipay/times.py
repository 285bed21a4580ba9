"""Alipay's clock: China Standard Time, written without its offset, no summer time since 1991."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

CHINA: Final = timezone(timedelta(hours=8), "CST")
_FORM: Final = "%Y-%m-%d %H:%M:%S"


def utc_now() -> datetime:
    """The machine's clock; tests put another in its place."""
    return datetime.now(UTC)


def written(instant: datetime) -> str:
    """An instant as Alipay writes it, whole seconds."""
    return instant.astimezone(CHINA).strftime(_FORM)


def read_instant(text: str) -> datetime:
    """An instant of Alipay's, in UTC. ValueError for any other form."""
    return datetime.strptime(text, _FORM).replace(tzinfo=CHINA).astimezone(UTC)

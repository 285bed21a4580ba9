"""Reads which lines receive one-time codes from many services: counts and times, no message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from keepline.messages import inbox_queries
from keepline.messages.inbox_queries import CodeTraffic

WITHIN = timedelta(days=1)
SHOWN = 100


@dataclass(frozen=True, slots=True)
class CodeTrafficView:
    """Lines with codes from `limit` senders or more within a day, the most first. 0: never."""

    lines: Sequence[CodeTraffic]
    limit: int


def show_code_traffic(now: datetime) -> CodeTrafficView:
    """One query, or none where the operator does not want it."""
    limit: int = settings.ENV.code_senders_a_day
    found = inbox_queries.code_traffic(now - WITHIN, limit, SHOWN) if limit else []
    return CodeTrafficView(found, limit)

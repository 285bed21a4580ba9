"""Reads which lines receive one-time codes from many services: counts and times, no message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from keepline.lines import queries as lines
from keepline.lines.queries import LineRow
from keepline.messages import inbox_queries
from keepline.messages.inbox_queries import CodeTraffic

WITHIN = timedelta(days=1)
SHOWN = 100


@dataclass(frozen=True, slots=True)
class CodeTrafficView:
    """Lines with codes from `limit` senders or more within a day, the most first. 0: never.

    `named`: those lines, by id.
    """

    lines: Sequence[CodeTraffic]
    limit: int
    named: Mapping[UUID, LineRow]


def show_code_traffic(now: datetime) -> CodeTrafficView:
    """Two queries, or none where the operator does not want it."""
    limit: int = settings.ENV.code_senders_a_day
    found = inbox_queries.code_traffic(now - WITHIN, limit, SHOWN) if limit else []
    return CodeTrafficView(found, limit, lines.lines_among([line.line_id for line in found]))

"""Reads of usage: what of each bucket is granted, used and left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.core.allowances import NOTHING, Allowance
from keepline.core.ids import slot_of
from keepline.lines import queries as lines
from keepline.lines.queries import LiveExtension
from keepline.usage.models import BucketUse


@dataclass(frozen=True, slots=True)
class Buckets:
    """All live buckets of one line together. None is unlimited; used is never unlimited."""

    granted: Allowance
    left: Allowance
    used: Allowance


EMPTY = Buckets(NOTHING, NOTHING, NOTHING)


def buckets_of(account_id: UUID, line_ids: Sequence[UUID], now: datetime) -> dict[UUID, Buckets]:
    """By line id. Two queries, however many lines; a line without live buckets is missing."""
    extensions = lines.live_extensions(account_id, line_ids, now)
    if not line_ids:
        return {}
    rows = BucketUse.objects.filter(slot=slot_of(account_id), line_id__in=list(line_ids))
    return _by_line(extensions, rows)


def left_among(instants: Mapping[UUID, datetime]) -> dict[UUID, Allowance]:
    """What is left on each of these lines of any accounts at its instant. Two queries."""
    if not instants:
        return {}
    living = [
        extension
        for extension in lines.live_extensions_among(instants, min(instants.values()))
        if extension.period_end > instants[extension.line_id]
    ]
    found = _by_line(living, BucketUse.objects.among([one.id for one in living]))
    return {line_id: found.get(line_id, EMPTY).left for line_id in instants}


def _by_line(extensions: Iterable[LiveExtension], rows: Iterable[BucketUse]) -> dict[UUID, Buckets]:
    uses = {row.id: row for row in rows}
    found: dict[UUID, Buckets] = {}
    for extension in extensions:
        one = _one(extension, uses.get(extension.id))
        found[extension.line_id] = _together(found.get(extension.line_id, EMPTY), one)
    return found


def left(line_id: UUID, now: datetime) -> Allowance:
    """What is left on one line. The caller has checked whose it is."""
    return buckets_of(line_id, [line_id], now).get(line_id, EMPTY).left


def _one(extension: LiveExtension, use: BucketUse | None) -> Buckets:
    granted = extension.granted
    if use is None:
        return Buckets(granted, granted, NOTHING)
    counted = Allowance(use.data_bytes, use.voice_seconds, use.sms_count)
    remaining = granted.less(use.data_bytes, use.voice_seconds, use.sms_count)
    return Buckets(granted, remaining, counted)


def _together(one: Buckets, other: Buckets) -> Buckets:
    return Buckets(
        one.granted.plus(other.granted), one.left.plus(other.left), one.used.plus(other.used)
    )

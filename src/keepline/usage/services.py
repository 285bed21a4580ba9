"""Writes of usage."""

from datetime import datetime
from uuid import UUID

from keepline.core.ids import slot_of
from keepline.lines import queries as lines
from keepline.usage.models import BucketUse


def count_share(line_id: UUID, per_cent: int, now: datetime) -> None:
    """Counts a share of what a line's live buckets granted as used, as of `now`."""
    for extension in lines.live_extensions(line_id, [line_id], now):
        granted = extension.granted
        BucketUse.objects.update_or_create(
            slot=slot_of(line_id),
            id=extension.id,
            defaults={
                "line_id": line_id,
                "data_bytes": (granted.data_bytes or 0) * per_cent // 100,
                "voice_seconds": (granted.voice_seconds or 0) * per_cent // 100,
                "sms_count": (granted.sms_count or 0) * per_cent // 100,
                "as_of_at": now,
            },
        )

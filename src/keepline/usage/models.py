"""What was used of each bucket."""

from django.db import models

from keepline.slots.models import SlottedModel


class BucketUse(SlottedModel):
    """Use counted against the buckets of one extension. `id` is the extension's."""

    line_id = models.UUIDField()
    data_bytes = models.BigIntegerField(default=0)
    voice_seconds = models.BigIntegerField(default=0)
    sms_count = models.BigIntegerField(default=0)
    as_of_at = models.DateTimeField()

    class Meta:
        db_table = "usage_bucketuse"
        indexes = [models.Index(fields=["slot", "line_id"], name="bucketuse_by_line")]

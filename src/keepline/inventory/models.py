"""Numbers, and who held each of them when.

Number-side rows are sharded by the number, not by the account: their `slot` is
`slot_of_text(e164)`, the holder's slot is told by the holder's ids.
"""

from django.db import models
from django.db.models import F, Q

from keepline.core.lifecycle.number import NumberState
from keepline.slots.models import SlottedModel


class Number(SlottedModel):
    """An E.164 number and where it stands in its life."""

    e164 = models.BigIntegerField()
    state = models.CharField(max_length=12, default=NumberState.AVAILABLE)
    since_at = models.DateTimeField()
    line_id = models.UUIDField(null=True)
    account_id = models.UUIDField(null=True)  # the holder; in quarantine the last one
    until_at = models.DateTimeField(null=True)  # end of hold or quarantine
    reclaim_until = models.DateTimeField(null=True)  # so long its last holder may have it back

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slot", "e164"], name="number_once")]
        indexes = [
            models.Index(
                fields=["until_at"],
                name="number_rested",
                condition=Q(until_at__isnull=False, state="quarantine"),
            )
        ]


class OwnershipPeriod(SlottedModel):
    """One holder's time with one number; it begins with `begins_at` and ends before `ends_at`.

    Periods of a number never overlap: each names in `follows_at` the end of the one before it
    (null: it is the first), and a foreign key and two unique keys make one chain of them.
    """

    e164 = models.BigIntegerField()
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)  # null: still
    follows_at = models.DateTimeField(null=True)
    account_id = models.UUIDField()
    line_id = models.UUIDField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("begins_at")), name="ownership_lasts"),
            models.CheckConstraint(
                condition=Q(begins_at__gte=F("follows_at")), name="ownership_after_the_one_before"
            ),
            models.UniqueConstraint(
                fields=["slot", "e164", "ends_at"], nulls_distinct=False, name="ownership_one_last"
            ),
            models.UniqueConstraint(
                fields=["slot", "e164", "follows_at"],
                nulls_distinct=False,
                name="ownership_one_follower",
            ),
        ]


class CardHolding(models.Model):
    """Keeps an ICCID unique across slots; not sharded (docs/decisions/0003-slots.md)."""

    iccid = models.CharField(max_length=20, primary_key=True)
    line_id = models.UUIDField()

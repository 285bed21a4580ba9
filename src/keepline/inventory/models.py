"""Stock: pools, numbers and who held each of them when, cards and profiles.

Number-side rows are sharded by the number, not by the account: their `slot` is
`slot_of_text(e164)`, the holder's slot is told by the holder's ids. Cards and profiles lie in the
slot of their ICCID in the same way. The database checks the slot of numbers and periods, so that
what is unique within a slot is unique.
"""

from django.db import models
from django.db.models import F, Q

from keepline.core.lifecycle.card import CardState
from keepline.core.lifecycle.number import NumberState
from keepline.core.lifecycle.profile import ProfileState
from keepline.slots.models import SlottedModel


class StockKind(models.TextChoices):
    """What a pool is of."""

    NUMBER = "number"
    CARD = "card"
    PROFILE = "profile"


class Pool(models.Model):
    """Pieces of one kind that are sold from one shelf; a reference table like the catalogue's."""

    code = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=8, choices=StockKind.choices)
    carrier = models.ForeignKey("catalog.Carrier", on_delete=models.PROTECT, null=True)
    country = models.CharField(max_length=2, blank=True)  # ISO 3166-1 alpha-2; "": any
    # What may be in it; an empty list takes all.
    ranges = models.JSONField(default=list)  # of numbers: [[first, last], ...]
    iccid_prefixes = models.JSONField(default=list)
    imsi_prefixes = models.JSONField(default=list)
    # It is low below either mark.
    low_count = models.PositiveIntegerField(null=True)
    low_days = models.PositiveIntegerField(null=True)


class Number(SlottedModel):
    """An E.164 number and where it stands in its life."""

    e164 = models.BigIntegerField()
    pool_id = models.IntegerField(null=True)  # null: came with a base, and is sold to nobody
    state = models.CharField(max_length=12, default=NumberState.AVAILABLE)
    since_at = models.DateTimeField()
    line_id = models.UUIDField(null=True)
    account_id = models.UUIDField(null=True)  # the holder; in quarantine the last one
    until_at = models.DateTimeField(null=True)  # end of hold or quarantine
    reclaim_until = models.DateTimeField(null=True)  # so long its last holder may have it back
    rested_since = models.DateTimeField(null=True)  # its last holder's end; null: nobody had it
    taken_at = models.DateTimeField(null=True)  # when it was last sold from its pool
    # While people write to it still its release is put off, no longer than until then; null: it
    # was not put off.
    longest_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slot", "e164"], name="number_once")]
        indexes = [
            models.Index(
                "pool_id",
                F("rested_since").asc(nulls_first=True),
                "e164",
                name="number_free",
                condition=Q(state="available", pool_id__isnull=False),
            ),
            models.Index(fields=["until_at"], name="number_held", condition=Q(state="held")),
            models.Index(
                fields=["until_at"],
                name="number_rested",
                condition=Q(until_at__isnull=False, state="quarantine"),
            ),
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


class Sim(SlottedModel):
    """What cards and profiles share."""

    iccid = models.CharField(max_length=20)
    imsi = models.CharField(max_length=15, null=True)  # null: not known
    pool_id = models.IntegerField()
    since_at = models.DateTimeField()
    added_at = models.DateTimeField()  # the oldest stock is sold first
    taken_at = models.DateTimeField(null=True)  # when it was sold from its pool
    line_id = models.UUIDField(null=True)
    account_id = models.UUIDField(null=True)
    until_at = models.DateTimeField(null=True)  # end of a hold

    class Meta:
        abstract = True


class Card(Sim):
    """A physical SIM. Its codes are opened by `inventory.sealing` alone."""

    state = models.CharField(max_length=12, default=CardState.AVAILABLE)
    sealed_codes = models.TextField(blank=True)  # PIN, PUK, PIN2, PUK2

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slot", "iccid"], name="card_once")]
        indexes = [
            models.Index(
                fields=["pool_id", "added_at", "iccid"],
                name="card_free",
                condition=Q(state="available"),
            ),
            models.Index(fields=["until_at"], name="card_held", condition=Q(state="held")),
            models.Index(
                fields=["line_id"], name="card_of_line", condition=Q(line_id__isnull=False)
            ),
        ]


class Profile(Sim):
    """An eSIM profile; its states are those of GSMA SGP.22 (core/lifecycle/profile.py)."""

    state = models.CharField(max_length=12, default=ProfileState.AVAILABLE)
    smdp_address = models.CharField(max_length=253, blank=True)
    matching_id = models.CharField(max_length=255, blank=True)  # "": has to be ordered
    smdp_oid = models.CharField(max_length=128, blank=True)  # part of few activation codes
    sealed_confirmation_code = models.TextField(blank=True)  # "": none is asked
    eid = models.CharField(max_length=32, blank=True)  # the eUICC that it is bound to
    downloads = models.SmallIntegerField(default=0)
    code_shown_at = models.DateTimeField(null=True)  # null: nobody saw its activation code
    # Beside the SIM that serves its line: for which carrier it stands by; null: it does not.
    standby_carrier_id = models.IntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slot", "iccid"], name="profile_once")]
        indexes = [
            models.Index(
                fields=["pool_id", "added_at", "iccid"],
                name="profile_free",
                condition=Q(state="available"),
            ),
            models.Index(fields=["until_at"], name="profile_held", condition=Q(state="held")),
            models.Index(
                fields=["line_id"], name="profile_of_line", condition=Q(line_id__isnull=False)
            ),
        ]


class Outcome(models.TextChoices):
    """What became of a notice."""

    MOVED = "moved"  # the profile went on by it
    KEPT = "kept"  # it says nothing that moves a profile, or not now
    UNKNOWN = "unknown"  # no such profile in our stock


class ProfileNotice(SlottedModel):
    """One thing that the SM-DP+ told of a profile, in the profile's slot (flows/follow_profile.py).

    Kept for ever but for what tells of people: `eid` and `message` are erased after a month.
    """

    iccid = models.CharField(max_length=20)
    key = models.CharField(max_length=64)  # the same for the same notice told twice
    line_id = models.UUIDField(null=True)  # the line that had the profile then
    point = models.IntegerField()  # notificationPointId
    status = models.CharField(max_length=255)
    code = models.TextField(blank=True)  # subject/reason
    message = models.TextField(blank=True)
    eid = models.CharField(max_length=32, blank=True)
    event = models.CharField(max_length=12, blank=True)  # of the profile's machine; "": none
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.KEPT)
    occurred_at = models.DateTimeField()  # by the SM-DP+'s clock
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slot", "key"], name="profile_notice_once")]
        indexes = [
            models.Index(fields=["iccid", "occurred_at"], name="profile_notices"),
            models.Index(
                fields=["received_at"],
                name="profile_notice_told",
                condition=~Q(eid="") | ~Q(message=""),
            ),
        ]


class SimIdentity(models.Model):
    """Keeps ICCID, IMSI and activation code unique over cards and profiles; not sharded."""

    iccid = models.CharField(max_length=20, primary_key=True)
    kind = models.CharField(max_length=8, choices=StockKind.choices)
    imsi = models.CharField(max_length=15, null=True, unique=True)
    # SM-DP+ address $ matching id: twice, it would be one profile given to two people.
    activation = models.CharField(max_length=512, null=True, unique=True)

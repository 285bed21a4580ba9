"""Lines: the cold facts, the hot clock row, extensions and history."""

from django.db import models
from django.db.models import Q

from keepline.core.lifecycle.line import LineState
from keepline.slots.models import SlottedForeignKey, SlottedModel


class Line(SlottedModel):
    """A service with a number, or data only, held by an account: what seldom changes."""

    account_id = models.UUIDField()
    kind = models.CharField(max_length=20)  # catalog.LineKind
    label = models.CharField(max_length=60, blank=True)
    e164 = models.BigIntegerField(null=True)
    iccid = models.CharField(max_length=20, null=True)
    carrier_id = models.IntegerField(null=True)
    method_id = models.UUIDField(null=True)  # charged when the wallet is short; null: nothing is
    opened_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)
    # Locked by its holder: no other SIM, no other number. Unlocked, it stays so until unlocks_at.
    transfer_lock = models.BooleanField(default=False, db_default=False)
    unlocks_at = models.DateTimeField(null=True)

    class Meta:
        # Here and not at the clock, whose every renewal would write it anew.
        indexes = [models.Index(fields=["slot", "account_id"], name="line_by_account")]


class Validity(SlottedModel):
    """The line's clock: the narrow row that renewals and the sweep touch. `id` is the line's.

    `next_step` and `next_action_at` are the next entry of its agenda (core.agenda); both are null
    while no clock runs for it.
    """

    account_id = models.UUIDField()
    wallet_id = models.UUIDField()
    state = models.CharField(max_length=12, default=LineState.RESERVED)
    time_zone = models.CharField(max_length=64)  # frozen: the zone in which its months count
    plan_id = models.IntegerField()  # the version it renews with
    policy_id = models.IntegerField()  # pinned when bought
    valid_until = models.DateTimeField(null=True)
    anchor_at = models.DateTimeField(null=True)  # months are counted from here ...
    anchor_count = models.IntegerField(default=0)  # ... this many so far
    since_at = models.DateTimeField(null=True)  # when grace or suspension began; kept while blocked
    auto_renew = models.BooleanField(default=False)
    lead_days = models.SmallIntegerField(null=True)  # first try so early; null: as the policy says
    dormant = models.BooleanField(default=False)  # imported, until go-live
    warned_at = models.DateTimeField(null=True)  # the last delivered notice that it may be lost
    next_step = models.SmallIntegerField(null=True)  # core.agenda.Step
    next_action_at = models.DateTimeField(null=True)
    clock_id = models.IntegerField(default=0)  # 0 is the real clock

    class Meta:
        db_table = "lines_validity"
        indexes = [
            models.Index(
                fields=["next_step", "next_action_at"],
                name="validity_due",
                condition=Q(next_action_at__isnull=False, clock_id=0),
            ),
            models.Index(
                fields=["clock_id", "next_step", "next_action_at"],
                name="validity_due_by_test_clock",
                condition=Q(next_action_at__isnull=False) & ~Q(clock_id=0),
            ),
        ]


class Extension(SlottedModel):
    """One paid piece of a line's life, and the buckets it brought. Append-only.

    The buckets of a line are its extensions whose end is ahead, less what usage counted
    against them: a renewal therefore writes no bucket.
    """

    line = SlottedForeignKey(Line)
    order_id = models.UUIDField()
    plan_id = models.IntegerField()
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    anchor_at = models.DateTimeField()
    anchor_count = models.IntegerField()
    granted_at = models.DateTimeField()
    data_bytes = models.BigIntegerField(null=True)
    voice_seconds = models.BigIntegerField(null=True)
    sms_count = models.BigIntegerField(null=True)
    # How many pieces had been taken back before: what was taken back can be bought again.
    turn = models.SmallIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "line", "period_start", "turn"], name="extension_period_once"
            ),
            models.CheckConstraint(
                condition=Q(period_end__gt=models.F("period_start")), name="extension_forward"
            ),
        ]


class Reversal(SlottedModel):
    """An extension taken back: since `ended_at` it gives nothing. Append-only.

    `id` is the extension's, so each is taken back once; `cause_id` the refund's or the dispute's.
    """

    line = SlottedForeignKey(Line)
    order_id = models.UUIDField()
    cause_id = models.UUIDField()
    ended_at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    reversed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["slot", "line"], name="reversal_by_line")]


class LineEvent(SlottedModel):
    """History: one row per change of state. (active -> active is told by the extension.)"""

    line = SlottedForeignKey(Line)
    event = models.CharField(max_length=20)
    source = models.CharField(max_length=12)
    target = models.CharField(max_length=12)
    actor = models.CharField(max_length=64)
    cause = models.CharField(max_length=64, blank=True)
    order_id = models.UUIDField(null=True)
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "lines_lineevent"
        indexes = [models.Index(fields=["slot", "line", "id"], name="lineevent_by_line")]


class NetworkDue(SlottedModel):
    """The network may hold something else of a line than the books say. `id` is the line's.

    The row goes when the network was told and the books have not moved meanwhile.
    """

    due_at = models.DateTimeField()  # real time, for lines on test clocks as well
    marked_at = models.DateTimeField()  # by the line's clock; the first mark that is not told yet
    attempts = models.SmallIntegerField(default=0)
    version = models.IntegerField(default=1)  # grows with each mark
    told_until = models.DateTimeField(null=True)  # the lease of whoever tells it right now ...
    claim_id = models.UUIDField(null=True)  # ... and who that is
    refusal_code = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        db_table = "lines_networkdue"
        indexes = [models.Index(fields=["due_at"], name="networkdue_due")]

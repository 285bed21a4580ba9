"""Numbers on their way to another operator, and from one."""

from django.db import models
from django.db.models import Q

from keepline.core.lifecycle.port_in import PortInState
from keepline.core.lifecycle.port_out import PortOutState
from keepline.slots.models import StatedModel


class PortOut(StatedModel):
    """One time that a line's number was to leave: its code, and who came with it.

    `sealed_code` is opened by porting.codes alone, and empty once it is of no use.
    """

    state = models.CharField(max_length=12, default=PortOutState.OPEN)
    account_id = models.UUIDField()
    line_id = models.UUIDField()
    e164 = models.BigIntegerField()
    sealed_code = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField()  # from then on the code is shown, and good
    valid_until = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)  # first
    actor = models.CharField(max_length=64)
    wrong_codes = models.SmallIntegerField(default=0)
    refused_id = models.UUIDField(null=True)  # the last request with a wrong code, counted once
    port_id = models.UUIDField(null=True)  # the recipient's id of the porting
    recipient = models.CharField(max_length=120, blank=True)
    cut_over_at = models.DateTimeField(null=True)
    stay_asked_at = models.DateTimeField(null=True)  # its holder wants to keep it after all
    ended_at = models.DateTimeField(null=True)
    next_look_at = models.DateTimeField(null=True)  # real time, for lines on test clocks as well
    attempts = models.SmallIntegerField(default=0)

    class Meta:
        db_table = "porting_portout"
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "line_id"],
                name="port_out_once_at_a_time",
                condition=Q(state__in=["open", "leaving"]),
            ),
        ]
        indexes = [
            models.Index(fields=["slot", "line_id"], name="port_out_of_line"),
            models.Index(
                fields=["next_look_at"],
                name="port_out_due",
                condition=Q(next_look_at__isnull=False),
            ),
        ]


class PortIn(StatedModel):
    """A number that a buyer brings along with one order. `id` is the clearing house's as well.

    `sealed`: the donor's code and the holder's name there, opened by porting.codes alone, and empty
    once they are of no use.
    """

    state = models.CharField(max_length=12, default=PortInState.WANTED)
    account_id = models.UUIDField()
    line_id = models.UUIDField()
    order_id = models.UUIDField()
    e164 = models.BigIntegerField()
    sealed = models.TextField(blank=True)
    donor = models.CharField(max_length=120, blank=True)
    wanted_at = models.DateTimeField()
    cut_over_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)  # its buyer wants the order back
    cancel_again_at = models.DateTimeField(null=True)  # a request may have come after our word
    # Since when it has been here without its line, and why: staff look at it (settle_arrival).
    stranded_at = models.DateTimeField(null=True)
    stranded_code = models.CharField(max_length=40, blank=True, default="", db_default="")
    return_asked_at = models.DateTimeField(
        null=True
    )  # staff gave it up: it goes back (return_number)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "porting_portin"
        constraints = [models.UniqueConstraint(fields=["slot", "order_id"], name="port_in_once")]
        indexes = [
            models.Index(fields=["slot", "line_id"], name="port_in_of_line"),
            models.Index(
                fields=["stranded_at"],
                name="port_in_stranded",
                condition=Q(
                    stranded_at__isnull=False, state__in=["wanted", "scheduled", "returning"]
                ),
            ),
        ]

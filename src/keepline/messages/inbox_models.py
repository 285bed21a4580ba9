"""Received messages. What they say is sealed; who may read it is told by where they lie.

A message lies in its holder's slot. What only the number's own side must know (that a message was
seen already, that one came while nobody held the number) lies in the number's slot and says nothing
of senders or texts.
"""

from django.db import models
from django.db.models import Q

from keepline.slots.models import SlottedModel


class ReceivedMessage(SlottedModel):
    """One message of the holder who had the number when it came; erased at `erase_at`."""

    account_id = models.UUIDField()
    line_id = models.UUIDField()
    e164 = models.BigIntegerField()
    period_id = models.UUIDField()  # inventory's ownership period that it came in
    received_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)  # as the network said; null: it did not
    erase_at = models.DateTimeField()
    has_code = models.BooleanField(default=False)
    sender_mark = models.CharField(max_length=16)  # tells senders apart, not who they are
    key_id = models.CharField(max_length=8)  # under which key it is sealed
    sealed = models.TextField()  # sender and text; messages.sealing opens it

    class Meta:
        db_table = "messages_received"
        indexes = [
            models.Index(fields=["slot", "account_id", "id"], name="received_of_account"),
            models.Index(fields=["slot", "line_id", "id"], name="received_of_line"),
            models.Index(fields=["erase_at"], name="received_to_erase"),
            models.Index(fields=["received_at"], name="received_codes", condition=Q(has_code=True)),
        ]


class InboxChoice(SlottedModel):
    """What a holder chose for a line's messages; the row has the line's id."""

    account_id = models.UUIDField()
    keep_days = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "messages_inboxchoice"


class Arrival(SlottedModel):
    """That a message came to a number, so that its repeat is known, also by the next holder's time.

    In the number's slot. `mark` is a keyed digest of number and reference.
    """

    mark = models.CharField(max_length=64)
    arrived_at = models.DateTimeField()

    class Meta:
        db_table = "messages_arrival"
        constraints = [models.UniqueConstraint(fields=["slot", "mark"], name="arrival_once")]
        indexes = [models.Index(fields=["arrived_at"], name="arrival_to_forget")]


class UnclaimedDay(SlottedModel):
    """How many messages came to a number on a day (UTC) that were nobody's to read."""

    e164 = models.BigIntegerField()
    day = models.DateField()
    messages = models.PositiveIntegerField()

    class Meta:
        db_table = "messages_unclaimedday"
        constraints = [
            models.UniqueConstraint(fields=["slot", "e164", "day"], name="unclaimed_day_once")
        ]

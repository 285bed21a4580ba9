"""The outbox: what must be told, written in the transaction that causes it."""

from django.db import models
from django.db.models import Q

from keepline.messages.inbox_models import Arrival, InboxChoice, ReceivedMessage, UnclaimedDay
from keepline.slots.models import SlottedModel

__all__ = ["Arrival", "InboxChoice", "Outbox", "ReceivedMessage", "UnclaimedDay"]


class Outbox(SlottedModel):
    """One event of the field's name (`line.renewed`), delivered at least once.

    Typed, not a document: what a message says is read from the order at the moment of sending,
    so that it is true when it is sent.
    """

    kind = models.CharField(max_length=32)
    account_id = models.UUIDField()
    line_id = models.UUIDField(null=True)
    order_id = models.UUIDField(null=True)
    refund_id = models.UUIDField(null=True)  # of an order that is refunded in several parts
    occurred_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)  # null: at rest (sent or laid aside)
    attempts = models.SmallIntegerField(default=0)
    outcome = models.CharField(max_length=10, blank=True)  # sent | no_address | laid_aside
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "messages_outbox"
        indexes = [
            models.Index(fields=["due_at"], name="outbox_due", condition=Q(due_at__isnull=False)),
        ]

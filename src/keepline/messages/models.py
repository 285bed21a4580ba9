"""The outbox (what must be told), and its deliveries (whom, by which channel, with what result)."""

from django.db import models
from django.db.models import F, Q

from keepline.messages.heard_models import EarlyReceipt, Heard
from keepline.messages.inbox_models import Arrival, InboxChoice, ReceivedMessage, UnclaimedDay
from keepline.messages.outward_models import PushSubscription, WebhookEndpoint
from keepline.slots.models import SlottedModel

__all__ = [
    "Arrival",
    "Delivery",
    "EarlyReceipt",
    "Heard",
    "InboxChoice",
    "Outbox",
    "Preferences",
    "PushSubscription",
    "ReceivedMessage",
    "Reference",
    "UnclaimedDay",
    "WebhookEndpoint",
]


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
    due_at = models.DateTimeField(null=True)  # null: at rest
    # addressed | not_wanted | no_address | laid_aside; of earlier versions also sent
    outcome = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "messages_outbox"
        indexes = [
            models.Index(fields=["due_at"], name="outbox_due", condition=Q(due_at__isnull=False)),
        ]


class Delivery(SlottedModel):
    """One event on its way to one recipient by one channel. Where exactly it goes (an address, a
    number) is read at the moment of sending and stands nowhere here."""

    event_id = models.UUIDField()
    kind = models.CharField(max_length=32)
    account_id = models.UUIDField()
    line_id = models.UUIDField(null=True)
    channel = models.CharField(max_length=8)  # email | sms | push | webhook
    recipient = models.CharField(max_length=48)  # user:12, endpoint:UUID
    letter_id = models.UUIDField()  # the first of those that go in one letter; alone: its own id
    lane = models.UUIDField()  # what is in one lane goes in order
    addressed_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)  # null: at rest
    attempts = models.SmallIntegerField(default=0)
    # sent | delivered | refused | laid_aside | overtaken | not_wanted | no_address
    outcome = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=200, blank=True)  # the channel's own id
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "messages_delivery"
        indexes = [
            models.Index(
                fields=["channel", "due_at"],
                name="delivery_due",
                condition=Q(due_at__isnull=False, letter_id=F("id")),
            ),
            models.Index(
                fields=["slot", "lane", "id"],
                name="delivery_lane",
                condition=Q(due_at__isnull=False),
            ),
            models.Index(fields=["slot", "account_id", "id"], name="delivery_by_account"),
            models.Index(
                fields=["addressed_at"],
                name="delivery_undelivered",
                condition=Q(outcome__in=["refused", "laid_aside"]),
            ),
            models.Index(
                fields=["addressed_at"],
                name="delivery_waiting",
                condition=Q(due_at__isnull=False) & ~Q(reason=""),
            ),
            models.Index(
                fields=["recipient", "id"],
                name="delivery_to_endpoint",
                condition=Q(channel="webhook"),
            ),
        ]


class Reference(models.Model):
    """Which delivery a channel means by its own id, for what it tells later. Not sharded."""

    channel = models.CharField(max_length=8)
    reference = models.CharField(max_length=200)
    delivery_id = models.UUIDField()
    sent_at = models.DateTimeField()

    class Meta:
        db_table = "messages_reference"
        indexes = [models.Index(fields=["sent_at"], name="reference_age")]
        constraints = [
            models.UniqueConstraint(fields=["channel", "reference"], name="reference_once")
        ]


class Preferences(models.Model):
    """What one person said about being told, and where they lately could not be. Not sharded."""

    user_id = models.IntegerField(primary_key=True)
    # channel:topic -> wanted or not, only where they said something
    said = models.JSONField(default=dict)
    quiet_from_minute = models.SmallIntegerField(default=0)
    quiet_until_minute = models.SmallIntegerField(default=0)  # the same: no quiet hours
    # channel -> what came back: the address's SHA-256, since when, the channel's code
    failing = models.JSONField(default=dict)

    class Meta:
        db_table = "messages_preferences"

"""Where programs and browsers are reached that are told of events. models.py has the rest."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from keepline.slots.models import SlottedModel


class WebhookEndpoint(SlottedModel):
    """An address of a program that is told of events: an account's, or the operator's own (slot 0),
    which is told of every account's. `kinds`: the events it wants; empty: all, also later ones.
    """

    account_id = models.UUIDField(null=True)
    url = models.CharField(max_length=500)
    name = models.CharField(max_length=60, blank=True)
    kinds = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    sealed_secrets = models.TextField()  # endpoints.Secret, the newest first
    created_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)  # the first failure since the last success
    off_since = models.DateTimeField(null=True)
    off_reason = models.CharField(max_length=8, blank=True)  # asked | gone | failing

    class Meta:
        db_table = "messages_webhookendpoint"
        indexes = [models.Index(fields=["slot", "account_id"], name="endpoint_by_account")]


class PushSubscription(models.Model):
    """One browser of one user that shows messages; where it is reached lies sealed.

    Not sharded: it belongs to who signs in. `digest` is SHA-256 of the address, so that a browser
    has one row, whoever signs in there.
    """

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32, unique=True)
    sealed = models.TextField()
    browser = models.CharField(max_length=200)  # its User-Agent, shown as a device
    subscribed_at = models.DateTimeField()

    class Meta:
        db_table = "messages_pushsubscription"

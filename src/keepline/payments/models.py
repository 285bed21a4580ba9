"""Payments at a provider, and what providers told us, raw."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from keepline.core.lifecycle.method import MethodState
from keepline.core.lifecycle.payment import PaymentState
from keepline.slots.models import SlottedModel


class Payment(SlottedModel):
    """Money asked of a provider for one order. `id` is the provider's idempotency key.

    `currency`: the order's, until the provider has taken another one.
    """

    order_id = models.UUIDField()
    account_id = models.UUIDField()
    provider = models.CharField(max_length=24)
    provider_payment_id = models.CharField(max_length=80, null=True)
    method_id = models.UUIDField(null=True)  # the saved one that is charged; null: on a page
    checkout_url = models.TextField(blank=True)  # signed addresses are long
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, default=PaymentState.CREATED)
    asks = models.SmallIntegerField(default=0)
    captured_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    decline_code = models.CharField(max_length=40, blank=True)
    opened_at = models.DateTimeField()
    captured_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "order_id"], name="payment_once_per_order"),
            models.CheckConstraint(
                condition=models.Q(refunded_minor__lte=models.F("captured_minor")),
                name="payment_refund_within_capture",
            ),
        ]
        indexes = [
            BrinIndex(fields=["opened_at"], name="payment_by_opening"),
            models.Index(fields=["slot", "account_id", "opened_at"], name="payment_by_account"),
        ]


class SavedMethod(SlottedModel):
    """A way to pay that a provider keeps, to be charged while its holder is away.

    `id` is the idempotency key of its storing. Nothing here can be paid with but through the
    provider that gave the ids: `label` is what it shows of it, never a whole number.
    """

    account_id = models.UUIDField()
    provider = models.CharField(max_length=24)
    state = models.CharField(max_length=10, default=MethodState.STORING)
    provider_storing_id = models.CharField(max_length=120, null=True)
    provider_customer_id = models.CharField(max_length=80, blank=True)
    provider_method_id = models.CharField(max_length=80, blank=True)
    checkout_url = models.TextField(blank=True)
    kind = models.CharField(max_length=24, blank=True)  # a name in ways_to_pay.toml
    label = models.CharField(max_length=80, blank=True)
    expires_on = models.DateField(null=True)  # the last day on which it works
    begun_at = models.DateTimeField()
    stored_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    next_action_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["slot", "account_id"], name="savedmethod_by_account"),
            models.Index(
                fields=["next_action_at"],
                name="savedmethod_due",
                condition=models.Q(next_action_at__isnull=False),
            ),
        ]


class ProviderPayment(models.Model):
    """Directory for the global uniqueness of a provider's payment id; not sharded."""

    provider = models.CharField(max_length=24)
    provider_payment_id = models.CharField(max_length=80)
    payment_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_payment_id"], name="provider_payment_booked_once"
            )
        ]


class ProviderEvent(models.Model):
    """A verified webhook, stored raw before anything is done about it; not sharded."""

    provider = models.CharField(max_length=24)
    event_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    payment_id = models.UUIDField(null=True)
    body = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="provider_event_once")
        ]


class RefusedWebhooks(models.Model):
    """How many webhooks of a provider were not believed on a day (UTC); not sharded.

    A counter, since nothing of what is not believed is kept: whoever floods the door fills no disk.
    """

    provider = models.CharField(max_length=24)
    refused_on = models.DateField()
    count = models.IntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "refused_on"], name="refused_webhooks_of_a_day"
            )
        ]

"""Payments at a provider, and what providers told us, raw."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from keepline.core.lifecycle.dispute import DisputeState
from keepline.core.lifecycle.method import MethodState
from keepline.core.lifecycle.payment import PaymentState
from keepline.core.lifecycle.refund import RefundState
from keepline.slots.models import StatedModel


class Payment(StatedModel):
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
    refunding_minor = models.BigIntegerField(default=0, db_default=0)  # asked of the provider
    disputed_minor = models.BigIntegerField(default=0, db_default=0)  # taken back by a bank
    # The provider is to be asked about disputes, and about what became of refunds.
    disputes_due = models.BooleanField(default=False, db_default=False)
    decline_code = models.CharField(max_length=40, blank=True)
    opened_at = models.DateTimeField()
    captured_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "order_id"], name="payment_once_per_order"),
            models.CheckConstraint(
                condition=models.Q(
                    captured_minor__gte=models.F("refunded_minor")
                    + models.F("refunding_minor")
                    + models.F("disputed_minor")
                ),
                name="payment_refund_within_capture",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    refunded_minor__gte=0, refunding_minor__gte=0, disputed_minor__gte=0
                ),
                name="payment_refunds_not_below_zero",
            ),
        ]
        indexes = [
            BrinIndex(fields=["opened_at"], name="payment_by_opening"),
            models.Index(fields=["slot", "account_id", "opened_at"], name="payment_by_account"),
        ]


class SavedMethod(StatedModel):
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
            models.Index(fields=["slot", "account_id", "begun_at"], name="savedmethod_by_account"),
            models.Index(
                fields=["next_action_at"],
                name="savedmethod_due",
                condition=models.Q(next_action_at__isnull=False),
            ),
        ]


class Refund(StatedModel):
    """Money of an order that goes back (docs/refunds.md). `id` is the provider's idempotency key.

    `amount_minor` of `currency` in all, tax included, of which `method_minor` goes back the way it
    came and the rest into the wallet. `scope` says how much was asked for (core.refunds.Scope);
    it is empty when the order ended without service and all of it goes back by itself.
    `by_bank_minor` of `sent_minor` the payer's bank has taken, for now or for good.
    """

    account_id = models.UUIDField()
    order_id = models.UUIDField()
    state = models.CharField(max_length=10, default=RefundState.REQUESTED)
    scope = models.CharField(max_length=8, blank=True)
    destination = models.CharField(max_length=6)
    amount_minor = models.BigIntegerField()
    method_minor = models.BigIntegerField()
    # What the provider is asked to give, in the currency that it took.
    sent_minor = models.BigIntegerField(default=0)
    sent_currency = models.CharField(max_length=3, blank=True)
    by_bank_minor = models.BigIntegerField(default=0, db_default=0)
    tax_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    ends_service = models.BooleanField(default=False)
    needs_second = models.BooleanField(default=False)  # of staff; the first has asked
    reason = models.CharField(max_length=200, blank=True)
    asked_by = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=200, blank=True)  # why a second person said no
    ended_at = models.DateTimeField(null=True)
    refusal_code = models.CharField(max_length=40, blank=True)  # the provider's word

    @property
    def wallet_minor(self) -> int:
        """What goes into the wallet from the first."""
        return self.amount_minor - self.method_minor

    @property
    def by_provider_minor(self) -> int:
        """What the provider itself is to give, or gave."""
        return self.sent_minor - self.by_bank_minor

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    amount_minor__gt=0,
                    method_minor__gte=0,
                    method_minor__lte=models.F("amount_minor"),
                    tax_minor__gte=0,
                    tax_minor__lte=models.F("amount_minor"),
                ),
                name="refund_amounts_sane",
            ),
            models.CheckConstraint(
                condition=models.Q(by_bank_minor__gte=0, by_bank_minor__lte=models.F("sent_minor")),
                name="refund_by_bank_sane",
            ),
            models.CheckConstraint(
                condition=models.Q(needs_second=False)
                | models.Q(state=RefundState.REQUESTED)
                | ~models.Q(decided_by=models.F("asked_by")),
                name="refund_by_two_people",
            ),
        ]
        indexes = [
            models.Index(fields=["slot", "order_id"], name="refund_by_order"),
            models.Index(
                fields=["asked_at"],
                name="refund_requested",
                condition=models.Q(state=RefundState.REQUESTED),
            ),
        ]


class Dispute(StatedModel):
    """A payer's bank takes money back (docs/refunds.md). `id` follows from the provider's own.

    `booked_minor` of `amount_minor` is what was left of the payment, and is claimed while the
    dispute is open; `held_minor` of it lies in a wallet, `in_transit_minor` was on its way back.
    """

    account_id = models.UUIDField()
    order_id = models.UUIDField()
    line_id = models.UUIDField(null=True)
    payment_id = models.UUIDField()
    provider = models.CharField(max_length=24)
    provider_dispute_id = models.CharField(max_length=120)
    state = models.CharField(max_length=4, default=DisputeState.OPEN)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    booked_minor = models.BigIntegerField()
    sale_minor = models.BigIntegerField()  # what that comes to of the order, in its currency
    held_minor = models.BigIntegerField(default=0)
    in_transit_minor = models.BigIntegerField(default=0, db_default=0)
    tax_minor = models.BigIntegerField(default=0)  # of a sale that was lost
    reason = models.CharField(max_length=60, blank=True)  # the provider's word
    evidence_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    blocks_line = models.BooleanField(default=False)
    ends_service = models.BooleanField(default=False)
    evidence = models.TextField(blank=True)  # as it was sent
    answered_by = models.CharField(max_length=64, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    booked_minor__gte=0,
                    booked_minor__lte=models.F("amount_minor"),
                    held_minor__gte=0,
                    in_transit_minor__gte=0,
                    held_minor__lte=models.F("booked_minor") - models.F("in_transit_minor"),
                    tax_minor__gte=0,
                    tax_minor__lte=models.F("sale_minor"),
                ),
                name="dispute_amounts_sane",
            ),
        ]
        indexes = [
            models.Index(fields=["slot", "order_id"], name="dispute_by_order"),
            models.Index(
                fields=["evidence_until"],
                name="dispute_open",
                condition=models.Q(state=DisputeState.OPEN),
            ),
            models.Index(fields=["closed_at"], name="dispute_by_close"),
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
    """A verified webhook, stored raw before anything is done about it; not sharded.

    `body`: empty after a month (workers.due.forget_webhooks).
    """

    provider = models.CharField(max_length=24)
    event_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    payment_id = models.UUIDField(null=True)
    body = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["received_at"], name="provider_event_told", condition=~Q(body="")),
        ]
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

"""Orders: what was asked, promised, paid and given; and the keys that make asking safe."""

from datetime import datetime
from uuid import UUID

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from keepline.core.exchange import Exchange
from keepline.core.lifecycle.order import OrderState
from keepline.core.money import Money
from keepline.slots.models import SlottedModel


class OrderKind(models.TextChoices):
    """What an order is for."""

    RENEWAL = "renewal"
    PURCHASE = "purchase"  # a new line, out of stock
    TOP_UP = "top_up"
    RECLAIM = "reclaim"  # a number had back in its quarantine
    NEW_NUMBER = "new_number"  # another number for a line that lives
    NEW_SIM = "new_sim"  # another card or eSIM profile for a line that lives
    CARRIER = "carrier"  # another carrier, and its SIM, for a line that lives
    OPENING = "opening"  # what an imported line or wallet brought along


# What sells a term of a plan: revenue, tax, refunds and extensions follow from these alone.
SALES = (OrderKind.RENEWAL, OrderKind.PURCHASE)
# What changes a line that lives, for a fee or for nothing.
CHANGES = (OrderKind.NEW_NUMBER, OrderKind.NEW_SIM, OrderKind.CARRIER)


class Order(SlottedModel):
    """One order (TMF622 states). Amounts in minor units of `currency`.

    `next_action_at` is the instant at which a worker looks at it next, null when it is at rest:
    the one due column of the whole way of a renewal.
    """

    account_id = models.UUIDField()
    line_id = models.UUIDField(null=True)
    wallet_id = models.UUIDField()
    kind = models.CharField(max_length=10, choices=OrderKind.choices)
    state = models.CharField(max_length=12, default=OrderState.ACKNOWLEDGED)
    plan_id = models.IntegerField(null=True)
    delivery = models.CharField(max_length=8, default="ledger")  # ledger | network
    currency = models.CharField(max_length=3)
    subtotal_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    # How the tax was found: ISO 3166 of the country whose rate it is, "" for the plan's own.
    tax_country = models.CharField(max_length=2, blank=True, default="", db_default="")
    tax_rate_ppm = models.PositiveIntegerField(default=0, db_default=0)
    tax_inclusive = models.BooleanField(default=True, db_default=True)
    total_minor = models.BigIntegerField()
    wallet_minor = models.BigIntegerField(default=0)  # of the total, from the wallet
    payment_minor = models.BigIntegerField(default=0)  # of the total, from the provider
    # What the provider's part comes to in another currency, agreed by the holder; null: its own
    exchange = models.JSONField(null=True)  # core.exchange.Exchange.as_facts
    # The pieces of stock that the order holds until it ends: {"number": 44..., "profile": "89..."}
    stock = models.JSONField(null=True)
    valid_until_before = models.DateTimeField(null=True)
    valid_until_after = models.DateTimeField(null=True)
    # {"buckets_before": {...}, "buckets_after": {...}, "network": {...}} as the receipt shows it
    proof = models.JSONField(null=True)
    actor = models.CharField(max_length=64)
    channel = models.CharField(max_length=10)  # portal, api, counter, sweep, import
    seller = models.CharField(max_length=24)
    accepted_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    promise_until = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)  # reached its end, good or bad
    next_action_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    undo_due = models.BooleanField(default=False)  # the network must be put back
    failure_code = models.CharField(max_length=40, blank=True)
    receipt_number = models.IntegerField(null=True)
    # The first day not booked yet when the receipt was numbered, and its sale scheduled.
    earned_from_on = models.DateField(null=True)

    @property
    def asked(self) -> Money:
        """What a provider is asked for: its part, or what that comes to in another currency."""
        if self.exchange is None:
            return Money(self.payment_minor, self.currency)
        return Exchange.of_facts(self.exchange).paid

    @property
    def net_minor(self) -> int:
        """The total less its tax."""
        return self.total_minor - self.tax_minor

    @property
    def served_line(self) -> UUID:
        """The line that the order is for; a top-up has none and is never asked."""
        assert self.line_id is not None, f"order {self.id} is for no line"
        return self.line_id

    @property
    def promised_until(self) -> datetime:
        """By when an order that was paid has its service, or its decision; else it gives back."""
        assert self.promise_until is not None, f"order {self.id} was never paid"
        return self.promise_until

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(total_minor=models.F("wallet_minor") + models.F("payment_minor")),
                name="order_funding_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["slot", "account_id", "id"], name="order_by_account"),
            # Receipts are numbered about as orders lie on the disk.
            BrinIndex(fields=["receipt_number"], name="order_by_receipt", autosummarize=True),
            models.Index(
                fields=["next_action_at"],
                name="order_due",
                condition=Q(next_action_at__isnull=False),
            ),
            # Orders that wait for money, a person or the network: few. One line's are delivered in
            # turn, and a line that has one is not renewed by itself.
            models.Index(
                fields=["slot", "line_id"],
                name="order_under_way",
                condition=Q(state__in=["acknowledged", "pending", "in_progress", "held"]),
            ),
            # Those at whose end the network is put back; later ones of the line wait for it.
            models.Index(
                fields=["slot", "line_id"], name="order_undo_due", condition=Q(undo_due=True)
            ),
            # Those that wait for a person: fewer still.
            models.Index(
                fields=["slot", "account_id"],
                name="order_in_review",
                condition=Q(state="pending"),
            ),
            # Openings get no receipt: a base of millions must not be read for the few that do.
            models.Index(
                fields=["seller", "completed_at", "id"],
                name="order_unnumbered",
                condition=Q(receipt_number__isnull=True, state="completed") & ~Q(kind="opening"),
            ),
        ]


class RequestKey(SlottedModel):
    """One key, one effect: the caller's key of a request, and the order it made."""

    actor = models.CharField(max_length=64)
    flow = models.CharField(max_length=24)
    key = models.CharField(max_length=64)
    body_digest = models.BinaryField(max_length=32)
    order_id = models.UUIDField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "actor", "flow", "key"], name="request_key")
        ]


class ReceiptSeries(models.Model):
    """The last receipt number given, per seller: no gaps, given after commit by one numberer."""

    seller = models.CharField(max_length=24, primary_key=True)
    last_number = models.IntegerField(default=0)

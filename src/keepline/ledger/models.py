"""Double entry: accounts of the house, wallets of holders, immutable transfers.

The only statements that write here stand in services.py.
"""

from django.db import models
from django.db.models import F, Q

from keepline.slots.models import SlottedModel


class HouseAccount(models.Model):
    """Clearing, revenue, tax ...: no balance row, theirs is summed. A reference row."""

    id = models.UUIDField(primary_key=True)
    code = models.CharField(max_length=24)
    currency = models.CharField(max_length=3)
    party = models.CharField(max_length=24, blank=True)  # the provider, for clearing accounts

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "currency", "party"], name="house_account_once")
        ]


class RevenueSlope(models.Model):
    """By how much the daily revenue of a plan changes on a day; a sum over sales. Minor units.

    Kept per slot, so that a day is booked where its sales lie; not a row of any account.
    """

    slot = models.SmallIntegerField()
    plan_id = models.IntegerField()
    currency = models.CharField(max_length=3)
    day = models.DateField()
    delta_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "slot", "plan_id", "currency"], name="revenue_slope_once"
            )
        ]


class RevenueRate(models.Model):
    """What a plan earns a day as of the day that was booked last: the sum of its slopes so far."""

    slot = models.SmallIntegerField()
    plan_id = models.IntegerField()
    currency = models.CharField(max_length=3)
    rate_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "plan_id", "currency"], name="revenue_rate_once"
            ),
            models.CheckConstraint(condition=Q(rate_minor__gte=0), name="revenue_not_taken_back"),
        ]


class RevenueBooking(models.Model):
    """One row: the last day whose revenue is booked. Its lock orders sales and bookings."""

    last_booked_on = models.DateField()


class Wallet(SlottedModel):
    """A holder's money in one currency; cash is refundable, bonus is not.

    `posted_minor` and `pending_minor` equal the sums over transfers; what may be spent is their
    difference, and the database refuses to let it go below zero.
    """

    account_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    purpose = models.CharField(max_length=6, default="cash")  # cash | bonus
    posted_minor = models.BigIntegerField(default=0)
    pending_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "account_id", "currency", "purpose"], name="wallet_once"
            ),
            models.CheckConstraint(condition=Q(pending_minor__gte=0), name="wallet_pending_sane"),
            models.CheckConstraint(
                condition=Q(posted_minor__gte=F("pending_minor")), name="wallet_not_below_zero"
            ),
        ]


class Transfer(SlottedModel):
    """One movement of money; both legs in one row, never changed.

    A hold (`phase` hold) is ended by exactly one transfer that names it (`hold_id`): post or void.
    """

    debit_id = models.UUIDField()
    credit_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    code = models.SmallIntegerField()  # core.postings.TransferCode
    phase = models.CharField(max_length=6)  # single | hold | post | void
    hold_id = models.UUIDField(null=True)
    order_id = models.UUIDField(null=True)
    booked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="transfer_positive"),
            models.CheckConstraint(
                condition=~Q(debit_id=F("credit_id")), name="transfer_two_accounts"
            ),
            models.UniqueConstraint(
                fields=["slot", "hold_id"],
                condition=Q(hold_id__isnull=False),
                name="transfer_ends_hold_once",
            ),
        ]
        indexes = [
            # The statement of a wallet, money out and money in. A transfer stands in one of them,
            # but for corrections, which go both ways.
            models.Index(
                fields=["slot", "debit_id", "id"],
                name="transfer_money_out",
                condition=Q(code__in=[3, 4, 6, 8, 9]),
            ),
            models.Index(
                fields=["slot", "credit_id", "id"],
                name="transfer_money_in",
                condition=Q(code__in=[1, 2, 5, 6, 7, 11]),
            ),
        ]

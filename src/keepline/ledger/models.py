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
                condition=Q(code__in=[1, 2, 5, 6, 7]),
            ),
        ]

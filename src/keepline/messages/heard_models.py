"""What the SMS network handed over, so that repeats are known and receipts find their message."""

from django.db import models
from django.db.models import Q


class Heard(models.Model):
    """Not sharded: whose it is, is not known before all of it is there.

    `id` is a keyed digest of all that came; nothing of a text can be guessed from it. `whole` is
    one of what joins the parts of a message, empty for a message of one part; `sealed` holds a
    part until it is joined.
    """

    id = models.CharField(max_length=64, primary_key=True)
    whole = models.CharField(max_length=64, blank=True)
    number = models.SmallIntegerField(default=1)
    total = models.SmallIntegerField(default=1)
    reference = models.CharField(max_length=64)
    sealed = models.TextField(blank=True)
    heard_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "messages_heard"
        indexes = [
            models.Index(
                fields=["whole"],
                name="heard_waiting",
                condition=Q(done_at__isnull=True) & ~Q(whole=""),
            ),
            models.Index(fields=["heard_at"], name="heard_at"),
        ]


class EarlyReceipt(models.Model):
    """A receipt that waits for its message to be noted as sent. Not sharded: it has no slot."""

    id = models.CharField(max_length=140, primary_key=True)
    channel = models.CharField(max_length=8)
    reference = models.CharField(max_length=120)
    told = models.CharField(max_length=10)
    code = models.CharField(max_length=60)
    told_at = models.DateTimeField()

    class Meta:
        db_table = "messages_earlyreceipt"
        indexes = [models.Index(fields=["told_at"], name="early_receipt_told_at")]

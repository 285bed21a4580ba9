"""Who did what, when and why: append-only."""

from django.db import models

from keepline.slots.models import SlottedModel


class AuditEvent(SlottedModel):
    """One act of a person or a job that changed something outside an order.

    Renewals and top-ups are their own record: the order row names actor, channel and cause.
    """

    account_id = models.UUIDField(null=True)
    actor = models.CharField(max_length=64)  # user:17, token:4, staff:3, worker, import
    action = models.CharField(max_length=48)  # line.imported, account.corrected ...
    subject_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    facts = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "audit_auditevent"
        indexes = [models.Index(fields=["slot", "account_id", "id"], name="audit_by_account")]


class ImportRun(models.Model):
    """One file taken over. Not sharded: it belongs to the operator.

    `digest` is SHA-256 over the file and how it is read: the same again goes on, or is done.
    """

    digest = models.CharField(max_length=64, unique=True)
    file_name = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    rows_in = models.IntegerField(default=0)
    rows_present = models.IntegerField(default=0)
    rows_bad = models.IntegerField(default=0)


class ImportPart(models.Model):
    """The rows of one slot of a file are in: how many, how many were before, how many are bad."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE)
    slot = models.SmallIntegerField()
    rows_in = models.IntegerField()
    rows_present = models.IntegerField()
    rows_bad = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "slot"], name="import_part_once")]


class ImportRefusal(models.Model):
    """One row that stayed out, and why."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE)
    line_number = models.IntegerField()
    field = models.CharField(max_length=20)
    value = models.CharField(max_length=200)
    reason = models.CharField(max_length=60)

"""What payers' banks take back."""

from django.db import migrations, models
from django.db.models import F, Q

import keepline.core.lifecycle.dispute
from keepline.slots.migrations import slotted_primary_key


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0008_refunds"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="disputed_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="payment",
            name="disputes_due",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RemoveConstraint(model_name="payment", name="payment_refund_within_capture"),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=Q(
                    (
                        "captured_minor__gte",
                        F("refunded_minor") + F("refunding_minor") + F("disputed_minor"),
                    )
                ),
                name="payment_refund_within_capture",
            ),
        ),
        migrations.RemoveConstraint(model_name="payment", name="payment_refunds_not_below_zero"),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("refunded_minor__gte", 0),
                    ("refunding_minor__gte", 0),
                    ("disputed_minor__gte", 0),
                ),
                name="payment_refunds_not_below_zero",
            ),
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("slot", models.SmallIntegerField(editable=False)),
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("account_id", models.UUIDField()),
                ("order_id", models.UUIDField()),
                ("line_id", models.UUIDField(null=True)),
                ("payment_id", models.UUIDField()),
                ("provider", models.CharField(max_length=24)),
                ("provider_dispute_id", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        default=keepline.core.lifecycle.dispute.DisputeState["OPEN"], max_length=4
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("booked_minor", models.BigIntegerField()),
                ("sale_minor", models.BigIntegerField()),
                ("held_minor", models.BigIntegerField(default=0)),
                ("tax_minor", models.BigIntegerField(default=0)),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("evidence_until", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("blocks_line", models.BooleanField(default=False)),
                ("ends_service", models.BooleanField(default=False)),
                ("evidence", models.TextField(blank=True)),
                ("answered_by", models.CharField(blank=True, max_length=64)),
                ("answered_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["slot", "order_id"], name="dispute_by_order"),
                    models.Index(
                        condition=Q(("state", "open")),
                        fields=["evidence_until"],
                        name="dispute_open",
                    ),
                    models.Index(fields=["closed_at"], name="dispute_by_close"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(
                            ("booked_minor__gte", 0),
                            ("booked_minor__lte", F("amount_minor")),
                            ("held_minor__gte", 0),
                            ("held_minor__lte", F("booked_minor")),
                            ("tax_minor__gte", 0),
                            ("tax_minor__lte", F("sale_minor")),
                        ),
                        name="dispute_amounts_sane",
                    ),
                ],
            },
        ),
        slotted_primary_key("payments_dispute"),
    ]

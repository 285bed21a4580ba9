"""Refunds have a table and a life of their own; a payment that was taken stays captured."""

from typing import Any

from django.db import migrations, models
from django.db.models import F, Q

import keepline.core.lifecycle.refund
from keepline.core.ids import derived_id
from keepline.slots.migrations import slotted_primary_key

BECAME = {"refunding": "sending", "refunded": "refunded", "captured": "to_wallet"}


def carry_over(apps: Any, _schema_editor: Any) -> None:
    """What went back of orders that ended without service, under the ids that providers know."""
    payment, order = apps.get_model("payments", "Payment"), apps.get_model("orders", "Order")
    refund = apps.get_model("payments", "Refund")
    for row in payment.objects.filter(captured_minor__gt=0).iterator():
        of = order.objects.get(slot=row.slot, id=row.order_id)
        if row.state == "captured" and of.state == "completed":
            continue
        refund.objects.create(
            slot=row.slot,
            id=derived_id(row.id, "refund"),
            account_id=row.account_id,
            order_id=row.order_id,
            state=BECAME[row.state],
            destination="method",
            amount_minor=row.captured_minor,
            method_minor=row.captured_minor,
            sent_minor=row.captured_minor,
            sent_currency=row.currency,
            currency=row.currency,
            asked_by="worker",
            asked_at=of.completed_at,
            decided_at=of.completed_at,
            ended_at=None if row.state == "refunding" else of.completed_at,
        )
    rows = payment.objects.filter(state="refunding")
    rows.update(state="captured", refunding_minor=F("captured_minor"))
    payment.objects.filter(state="refunded").update(state="captured")


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0007_refused_webhooks"),
        ("orders", "0006_reclaim"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="refunding_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("slot", models.SmallIntegerField(editable=False)),
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("account_id", models.UUIDField()),
                ("order_id", models.UUIDField()),
                (
                    "state",
                    models.CharField(
                        default=keepline.core.lifecycle.refund.RefundState["REQUESTED"],
                        max_length=10,
                    ),
                ),
                ("scope", models.CharField(blank=True, max_length=8)),
                ("destination", models.CharField(max_length=6)),
                ("amount_minor", models.BigIntegerField()),
                ("method_minor", models.BigIntegerField()),
                ("sent_minor", models.BigIntegerField(default=0)),
                ("sent_currency", models.CharField(blank=True, max_length=3)),
                ("tax_minor", models.BigIntegerField(default=0)),
                ("currency", models.CharField(max_length=3)),
                ("ends_service", models.BooleanField(default=False)),
                ("needs_second", models.BooleanField(default=False)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("asked_by", models.CharField(max_length=64)),
                ("asked_at", models.DateTimeField()),
                ("decided_by", models.CharField(blank=True, max_length=64)),
                ("decided_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("refusal_code", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["slot", "order_id"], name="refund_by_order"),
                    models.Index(
                        condition=Q(("state", "requested")),
                        fields=["asked_at"],
                        name="refund_requested",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(
                            ("amount_minor__gt", 0),
                            ("method_minor__gte", 0),
                            ("method_minor__lte", F("amount_minor")),
                            ("tax_minor__gte", 0),
                            ("tax_minor__lte", F("amount_minor")),
                        ),
                        name="refund_amounts_sane",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            ("needs_second", False),
                            ("state", "requested"),
                            Q(("decided_by", F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="refund_by_two_people",
                    ),
                ],
            },
        ),
        slotted_primary_key("payments_refund"),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="payment", name="payment_refund_within_capture"),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=Q(("captured_minor__gte", F("refunded_minor") + F("refunding_minor"))),
                name="payment_refund_within_capture",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=Q(("refunded_minor__gte", 0), ("refunding_minor__gte", 0)),
                name="payment_refunds_not_below_zero",
            ),
        ),
    ]

"""What of a refund a payer's bank has taken instead."""

import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0010_methods_by_beginning"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="dispute",
            name="dispute_amounts_sane",
        ),
        migrations.AddField(
            model_name="dispute",
            name="in_transit_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="refund",
            name="by_bank_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("booked_minor__gte", 0),
                    ("booked_minor__lte", models.F("amount_minor")),
                    ("held_minor__gte", 0),
                    (
                        "held_minor__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("booked_minor"), "-", models.F("in_transit_minor")
                        ),
                    ),
                    ("in_transit_minor__gte", 0),
                    ("tax_minor__gte", 0),
                    ("tax_minor__lte", models.F("sale_minor")),
                ),
                name="dispute_amounts_sane",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("by_bank_minor__gte", 0), ("by_bank_minor__lte", models.F("sent_minor"))
                ),
                name="refund_by_bank_sane",
            ),
        ),
    ]

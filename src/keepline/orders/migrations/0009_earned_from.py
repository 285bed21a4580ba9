"""From when a sale was scheduled, for refunds; the index of receipts for who looks for one."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0008_exchange"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="earned_from_on",
            field=models.DateField(null=True),
        ),
        migrations.AddIndex(
            model_name="order",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["receipt_number"], name="order_by_receipt"
            ),
        ),
    ]

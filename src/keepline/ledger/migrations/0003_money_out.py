"""A transfer stands in one index of the statement instead of two."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0002_slots")]
    operations: ClassVar = [
        migrations.RemoveIndex(model_name="transfer", name="transfer_by_debit"),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                fields=["slot", "debit_id", "id"],
                name="transfer_money_out",
                condition=models.Q(code__in=[3, 4, 6, 8, 9]),
            ),
        ),
    ]

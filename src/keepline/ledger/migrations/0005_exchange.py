"""What another currency was given for is money that comes into a wallet."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0004_revenue")]
    operations: ClassVar = [
        migrations.RemoveIndex(model_name="transfer", name="transfer_money_in"),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                fields=["slot", "credit_id", "id"],
                name="transfer_money_in",
                condition=models.Q(code__in=[1, 2, 5, 6, 7, 11]),
            ),
        ),
    ]

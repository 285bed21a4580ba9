"""An account's latest payments, for the limits against fraud."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0004_long_addresses")]
    operations: ClassVar = [
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                fields=["slot", "account_id", "opened_at"], name="payment_by_account"
            ),
        ),
    ]

"""Signed checkout addresses are long."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0003_by_opening")]
    operations: ClassVar = [
        migrations.AlterField(
            model_name="payment",
            name="checkout_url",
            field=models.TextField(blank=True),
        ),
    ]

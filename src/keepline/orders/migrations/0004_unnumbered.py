"""What waits for a receipt number is found without reading the openings of a base."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("orders", "0003_under_way")]
    operations: ClassVar = [
        migrations.RemoveIndex(model_name="order", name="order_unnumbered"),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["seller", "completed_at", "id"],
                name="order_unnumbered",
                condition=models.Q(receipt_number__isnull=True, state="completed")
                & ~models.Q(kind="opening"),
            ),
        ),
    ]

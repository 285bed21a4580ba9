"""Orders that wait for the network, by line: one line's are delivered in turn."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("orders", "0002_slots")]
    operations: ClassVar = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["slot", "line_id"],
                name="order_under_way",
                condition=models.Q(state__in=["in_progress", "held"]),
            ),
        ),
    ]

"""An order may be refunded in several parts, each with its own news."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("keepline_messages", "0003_fewer_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="outbox",
            name="refund_id",
            field=models.UUIDField(null=True),
        ),
    ]

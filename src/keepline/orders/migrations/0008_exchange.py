"""An order says what its provider's part comes to in another currency, and by which rate."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0007_tax"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="exchange",
            field=models.JSONField(null=True),
        ),
    ]

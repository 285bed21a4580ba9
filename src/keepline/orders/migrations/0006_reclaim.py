"""A new kind of order; its choices are Django's alone, no table changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0005_under_way_from_the_start"),
    ]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="kind",
            field=models.CharField(
                choices=[
                    ("renewal", "Renewal"),
                    ("top_up", "Top Up"),
                    ("reclaim", "Reclaim"),
                    ("opening", "Opening"),
                ],
                max_length=10,
            ),
        ),
    ]

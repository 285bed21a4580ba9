from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0013_changes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="kind",
            field=models.CharField(
                choices=[
                    ("renewal", "Renewal"),
                    ("purchase", "Purchase"),
                    ("top_up", "Top Up"),
                    ("reclaim", "Reclaim"),
                    ("new_number", "New Number"),
                    ("new_sim", "New Sim"),
                    ("carrier", "Carrier"),
                    ("opening", "Opening"),
                ],
                max_length=10,
            ),
        ),
    ]

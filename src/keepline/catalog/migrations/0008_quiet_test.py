"""How long nobody must have written to a number before it is released, and at most."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0007_identity_check"),
    ]

    operations = [
        migrations.AddField(
            model_name="policy",
            name=name,
            field=models.PositiveIntegerField(db_default=usual, default=usual),
        )
        for name, usual in (("quiet_days", 30), ("quiet_days_most", 180))
    ]

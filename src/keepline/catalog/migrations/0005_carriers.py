from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0004_message_days"),
    ]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="carrier_ids",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="plan",
            name="keeps_profiles",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="policy",
            name="carrier_switch_days",
            field=models.PositiveIntegerField(db_default=7, default=7),
        ),
        migrations.AddField(
            model_name="policy",
            name="carrier_switch_fee_minor",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]

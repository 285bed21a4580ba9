"""How long received messages are kept: usually, and the longest that a holder may choose."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_number_changes"),
    ]

    operations = [
        migrations.AddField(
            model_name="policy",
            name="message_days",
            field=models.PositiveSmallIntegerField(db_default=30, default=30),
        ),
        migrations.AddField(
            model_name="policy",
            name="message_days_most",
            field=models.PositiveSmallIntegerField(db_default=90, default=90),
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=models.CheckConstraint(
                condition=models.Q(("message_days__lte", models.F("message_days_most"))),
                name="policy_message_days_within",
            ),
        ),
    ]

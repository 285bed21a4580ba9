"""How long a number waits before it may leave."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0005_carriers"),
    ]

    operations = [
        migrations.AddField(
            model_name="policy",
            name=name,
            field=models.PositiveIntegerField(db_default=usual, default=usual),
        )
        for name, usual in (
            ("port_out_after_days", 7),
            ("port_out_wait_hours", 24),
            ("port_out_code_days", 30),
            ("port_out_notice_hours", 24),
        )
    ]

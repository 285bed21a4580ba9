"""Whether an account shows who it is before it buys a line under the policy."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0006_port_out"),
    ]

    operations = [
        migrations.AddField(
            model_name="policy",
            name="identity_check",
            field=models.CharField(
                choices=[("none", "never"), ("before_sale", "before a line is sold")],
                db_default="none",
                default="none",
                max_length=12,
            ),
        ),
    ]

"""When a code last reached a user at their number."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_claims"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="phone_shown_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]

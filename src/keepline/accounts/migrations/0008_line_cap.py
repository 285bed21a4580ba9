"""How many lines one account may have, where staff said so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_contacts_changed"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="line_cap",
            field=models.PositiveIntegerField(null=True),
        ),
    ]

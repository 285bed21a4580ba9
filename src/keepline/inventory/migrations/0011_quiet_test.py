"""Until when a number rests at most whose release was put off."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0010_standby"),
    ]

    operations = [
        migrations.AddField(
            model_name="number",
            name="longest_until",
            field=models.DateTimeField(null=True),
        ),
    ]

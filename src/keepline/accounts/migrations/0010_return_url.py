"""To whom an identity check leads back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_identity_checks"),
    ]

    operations = [
        migrations.AddField(
            model_name="identitycheck",
            name="return_url",
            field=models.CharField(blank=True, default="", max_length=500),
            preserve_default=False,
        ),
    ]

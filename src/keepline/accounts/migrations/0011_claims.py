"""Accounts of an import are found by the e-mail on file; of several a user chooses one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_return_url"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="is_chosen",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(
                condition=models.Q(("external_ref__isnull", False)),
                fields=["contact_email"],
                name="account_on_file",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_chosen", True)),
                fields=("user",),
                name="membership_one_chosen",
            ),
        ),
    ]

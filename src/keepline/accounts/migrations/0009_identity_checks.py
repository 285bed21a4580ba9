"""Who an account's holder is, as far as a check said so."""

from django.db import migrations, models

from keepline.slots.migrations import slotted_primary_key


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_line_cap"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdentityCheck",
            fields=[
                ("slot", models.SmallIntegerField(editable=False)),
                (
                    "id",
                    models.UUIDField(editable=False, primary_key=True, serialize=False),
                ),
                ("state", models.CharField(default="pending", max_length=12)),
                ("account_id", models.UUIDField()),
                ("provider", models.CharField(max_length=40)),
                ("actor", models.CharField(max_length=64)),
                ("reason", models.CharField(blank=True, max_length=32)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("of_age", models.BooleanField(null=True)),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("next_look_at", models.DateTimeField(null=True)),
                ("attempts", models.SmallIntegerField(default=0)),
            ],
            options={
                "db_table": "accounts_identitycheck",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["pending", "verified"])),
                        fields=("slot", "account_id"),
                        name="identity_check_once",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["slot", "account_id"], name="identity_check_of_account"),
                    models.Index(
                        condition=models.Q(("next_look_at__isnull", False)),
                        fields=["next_look_at"],
                        name="identity_check_due",
                    ),
                ],
            },
        ),
        slotted_primary_key("accounts_identitycheck"),
    ]

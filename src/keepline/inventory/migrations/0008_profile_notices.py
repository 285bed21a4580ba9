"""What the SM-DP+ tells of profiles, in the slot of their ICCID."""

from django.db import migrations, models

from keepline.slots.migrations import slotted_primary_key


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0007_stock"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProfileNotice",
            fields=[
                ("slot", models.SmallIntegerField(editable=False)),
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("iccid", models.CharField(max_length=20)),
                ("key", models.CharField(max_length=64)),
                ("line_id", models.UUIDField(null=True)),
                ("point", models.IntegerField()),
                ("status", models.CharField(max_length=255)),
                ("code", models.TextField(blank=True)),
                ("message", models.TextField(blank=True)),
                ("eid", models.CharField(blank=True, max_length=32)),
                ("event", models.CharField(blank=True, max_length=12)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("moved", "Moved"), ("kept", "Kept"), ("unknown", "Unknown")],
                        default="kept",
                        max_length=8,
                    ),
                ),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["iccid", "occurred_at"], name="profile_notices"),
                    models.Index(
                        condition=models.Q(
                            models.Q(("eid", ""), _negated=True),
                            models.Q(("message", ""), _negated=True),
                            _connector="OR",
                        ),
                        fields=["received_at"],
                        name="profile_notice_told",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("slot", "key"), name="profile_notice_once")
                ],
            },
        ),
        slotted_primary_key("inventory_profilenotice"),
        # core.ids.slot_of_text, said in SQL.
        migrations.RunSQL(
            "ALTER TABLE inventory_profilenotice ADD CONSTRAINT inventory_profilenotice_in_its_slot"
            " CHECK (slot = get_byte(sha256(iccid::text::bytea), 0))",
            "ALTER TABLE inventory_profilenotice DROP CONSTRAINT inventory_profilenotice_in_its_slot",
        ),
    ]

"""Pools, cards and profiles; numbers age.

That a number, a card or a profile lies in the slot that follows from its name is checked by the
database: what is unique within its slot is then unique, also for rows written past the services.
"""

import django.db.models.deletion
from django.db import migrations, models

from keepline.slots.migrations import slotted_primary_key

RESTED = """
UPDATE inventory_number n
SET rested_since = (SELECT max(p.ends_at) FROM inventory_ownershipperiod p
                    WHERE p.slot = n.slot AND p.e164 = n.e164)
WHERE n.state IN ('available', 'quarantine')
"""
NAMED_BY = {
    "inventory_number": "e164",
    "inventory_ownershipperiod": "e164",
    "inventory_card": "iccid",
    "inventory_profile": "iccid",
}


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_clock_policies"),
        ("inventory", "0006_rested"),
    ]

    operations = [
        migrations.CreateModel(
            name="Card",
            fields=[
                ("slot", models.SmallIntegerField(editable=False)),
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("iccid", models.CharField(max_length=20)),
                ("imsi", models.CharField(max_length=15, null=True)),
                ("pool_id", models.IntegerField()),
                ("since_at", models.DateTimeField()),
                ("added_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(null=True)),
                ("line_id", models.UUIDField(null=True)),
                ("account_id", models.UUIDField(null=True)),
                ("until_at", models.DateTimeField(null=True)),
                ("state", models.CharField(default="available", max_length=12)),
                ("sealed_codes", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="Pool",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=40, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("number", "Number"), ("card", "Card"), ("profile", "Profile")],
                        max_length=8,
                    ),
                ),
                ("country", models.CharField(blank=True, max_length=2)),
                ("ranges", models.JSONField(default=list)),
                ("iccid_prefixes", models.JSONField(default=list)),
                ("imsi_prefixes", models.JSONField(default=list)),
                ("low_count", models.PositiveIntegerField(null=True)),
                ("low_days", models.PositiveIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                ("slot", models.SmallIntegerField(editable=False)),
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("iccid", models.CharField(max_length=20)),
                ("imsi", models.CharField(max_length=15, null=True)),
                ("pool_id", models.IntegerField()),
                ("since_at", models.DateTimeField()),
                ("added_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(null=True)),
                ("line_id", models.UUIDField(null=True)),
                ("account_id", models.UUIDField(null=True)),
                ("until_at", models.DateTimeField(null=True)),
                ("state", models.CharField(default="available", max_length=12)),
                ("smdp_address", models.CharField(blank=True, max_length=253)),
                ("matching_id", models.CharField(blank=True, max_length=255)),
                ("smdp_oid", models.CharField(blank=True, max_length=128)),
                ("sealed_confirmation_code", models.TextField(blank=True)),
                ("eid", models.CharField(blank=True, max_length=32)),
                ("downloads", models.SmallIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="SimIdentity",
            fields=[
                ("iccid", models.CharField(max_length=20, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("number", "Number"), ("card", "Card"), ("profile", "Profile")],
                        max_length=8,
                    ),
                ),
                ("imsi", models.CharField(max_length=15, null=True, unique=True)),
                ("activation", models.CharField(max_length=512, null=True, unique=True)),
            ],
        ),
        migrations.AddField(
            model_name="number",
            name="pool_id",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="number",
            name="rested_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="number",
            name="taken_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="number",
            index=models.Index(
                models.F("pool_id"),
                models.OrderBy(models.F("rested_since"), nulls_first=True),
                models.F("e164"),
                condition=models.Q(("pool_id__isnull", False), ("state", "available")),
                name="number_free",
            ),
        ),
        migrations.AddIndex(
            model_name="number",
            index=models.Index(
                condition=models.Q(("state", "held")), fields=["until_at"], name="number_held"
            ),
        ),
        migrations.AddIndex(
            model_name="card",
            index=models.Index(
                condition=models.Q(("state", "available")),
                fields=["pool_id", "added_at", "iccid"],
                name="card_free",
            ),
        ),
        migrations.AddIndex(
            model_name="card",
            index=models.Index(
                condition=models.Q(("state", "held")), fields=["until_at"], name="card_held"
            ),
        ),
        migrations.AddIndex(
            model_name="card",
            index=models.Index(
                condition=models.Q(("line_id__isnull", False)),
                fields=["line_id"],
                name="card_of_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="card",
            constraint=models.UniqueConstraint(fields=("slot", "iccid"), name="card_once"),
        ),
        migrations.AddField(
            model_name="pool",
            name="carrier",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="catalog.carrier"
            ),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                condition=models.Q(("state", "available")),
                fields=["pool_id", "added_at", "iccid"],
                name="profile_free",
            ),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                condition=models.Q(("state", "held")), fields=["until_at"], name="profile_held"
            ),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                condition=models.Q(("line_id__isnull", False)),
                fields=["line_id"],
                name="profile_of_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.UniqueConstraint(fields=("slot", "iccid"), name="profile_once"),
        ),
        slotted_primary_key("inventory_card", "inventory_profile"),
        migrations.RunSQL(RESTED, migrations.RunSQL.noop),
        # core.ids.slot_of_text, said in SQL.
        migrations.RunSQL(
            [
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_in_its_slot"
                f" CHECK (slot = get_byte(sha256({name}::text::bytea), 0))"
                for table, name in NAMED_BY.items()
            ],
            [f"ALTER TABLE {table} DROP CONSTRAINT {table}_in_its_slot" for table in NAMED_BY],
        ),
    ]

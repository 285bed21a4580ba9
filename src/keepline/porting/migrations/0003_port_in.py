"""Numbers that buyers bring along."""

from django.db import migrations, models

import keepline.core.lifecycle.port_in
from keepline.slots.migrations import slotted_primary_key


class Migration(migrations.Migration):
    dependencies = [
        ("porting", "0002_slots"),
    ]

    operations = [
        migrations.CreateModel(
            name="PortIn",
            fields=[
                ("slot", models.SmallIntegerField(editable=False)),
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        default=keepline.core.lifecycle.port_in.PortInState["WANTED"], max_length=12
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("line_id", models.UUIDField()),
                ("order_id", models.UUIDField()),
                ("e164", models.BigIntegerField()),
                ("sealed", models.TextField(blank=True)),
                ("donor", models.CharField(blank=True, max_length=120)),
                ("wanted_at", models.DateTimeField()),
                ("cut_over_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "porting_portin",
                "constraints": [
                    models.UniqueConstraint(fields=("slot", "order_id"), name="port_in_once")
                ],
                "indexes": [models.Index(fields=["slot", "line_id"], name="port_in_of_line")],
            },
        ),
        slotted_primary_key("porting_portin"),
    ]

"""Pieces of a line's life that are taken back, and may be bought again."""

from django.db import migrations, models

import keepline.slots.models
from keepline.slots.migrations import append_only, slotted_primary_key


class Migration(migrations.Migration):
    dependencies = [
        ("lines", "0006_method"),
    ]

    operations = [
        migrations.AddField(
            model_name="extension",
            name="turn",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.RemoveConstraint(model_name="extension", name="extension_period_once"),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.UniqueConstraint(
                fields=("slot", "line", "period_start", "turn"), name="extension_period_once"
            ),
        ),
        migrations.CreateModel(
            name="Reversal",
            fields=[
                ("slot", models.SmallIntegerField(editable=False)),
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("order_id", models.UUIDField()),
                ("cause_id", models.UUIDField()),
                ("ended_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=64)),
                ("reversed_at", models.DateTimeField()),
                (
                    "line",
                    keepline.slots.models.SlottedForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.deletion.DO_NOTHING,
                        to="lines.line",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["slot", "line"], name="reversal_by_line")],
            },
        ),
        slotted_primary_key("lines_reversal"),
        append_only("lines_reversal"),
    ]

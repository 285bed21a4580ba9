"""Lines of which the network may hold something else than the books say."""

from django.db import migrations, models

from keepline.slots.migrations import leave_room, slotted_primary_key


class Migration(migrations.Migration):
    dependencies = [
        ("lines", "0007_reversals"),
    ]

    operations = [
        migrations.CreateModel(
            name="NetworkDue",
            fields=[
                ("slot", models.SmallIntegerField(editable=False)),
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("due_at", models.DateTimeField()),
                ("marked_at", models.DateTimeField()),
                ("attempts", models.SmallIntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                ("told_until", models.DateTimeField(null=True)),
                ("claim_id", models.UUIDField(null=True)),
                ("refusal_code", models.CharField(blank=True, default="", max_length=40)),
            ],
            options={
                "db_table": "lines_networkdue",
                "indexes": [models.Index(fields=["due_at"], name="networkdue_due")],
            },
        ),
        slotted_primary_key("lines_networkdue"),
        leave_room("lines_networkdue"),
    ]

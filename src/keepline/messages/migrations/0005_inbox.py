"""Received messages: sealed in their holder's slot; seen and counted in their number's."""

from django.db import migrations, models

from keepline.slots.migrations import slotted_primary_key


def keys() -> list[tuple[str, models.Field]]:
    return [
        ("slot", models.SmallIntegerField(editable=False)),
        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("keepline_messages", "0004_refunds"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReceivedMessage",
            fields=[
                *keys(),
                ("account_id", models.UUIDField()),
                ("line_id", models.UUIDField()),
                ("e164", models.BigIntegerField()),
                ("period_id", models.UUIDField()),
                ("received_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("erase_at", models.DateTimeField()),
                ("has_code", models.BooleanField(default=False)),
                ("sender_mark", models.CharField(max_length=16)),
                ("key_id", models.CharField(max_length=8)),
                ("sealed", models.TextField()),
            ],
            options={
                "db_table": "messages_received",
                "indexes": [
                    models.Index(fields=["slot", "account_id", "id"], name="received_of_account"),
                    models.Index(fields=["slot", "line_id", "id"], name="received_of_line"),
                    models.Index(fields=["erase_at"], name="received_to_erase"),
                    models.Index(
                        condition=models.Q(("has_code", True)),
                        fields=["received_at"],
                        name="received_codes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InboxChoice",
            fields=[
                *keys(),
                ("account_id", models.UUIDField()),
                ("keep_days", models.PositiveSmallIntegerField()),
            ],
            options={"db_table": "messages_inboxchoice"},
        ),
        migrations.CreateModel(
            name="Arrival",
            fields=[
                *keys(),
                ("mark", models.CharField(max_length=64)),
                ("arrived_at", models.DateTimeField()),
            ],
            options={
                "db_table": "messages_arrival",
                "indexes": [models.Index(fields=["arrived_at"], name="arrival_to_forget")],
                "constraints": [
                    models.UniqueConstraint(fields=("slot", "mark"), name="arrival_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="UnclaimedDay",
            fields=[
                *keys(),
                ("e164", models.BigIntegerField()),
                ("day", models.DateField()),
                ("messages", models.PositiveIntegerField()),
            ],
            options={
                "db_table": "messages_unclaimedday",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("slot", "e164", "day"), name="unclaimed_day_once"
                    )
                ],
            },
        ),
        slotted_primary_key(
            "messages_received",
            "messages_inboxchoice",
            "messages_arrival",
            "messages_unclaimedday",
        ),
    ]

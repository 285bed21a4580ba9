"""The database's key of endpoints: (slot, id)."""

from typing import ClassVar

from django.db import migrations

from keepline.slots.migrations import slotted_primary_key


class Migration(migrations.Migration):
    dependencies: ClassVar = [("keepline_messages", "0010_endpoints_and_browsers")]
    operations: ClassVar = [
        slotted_primary_key("messages_webhookendpoint"),
    ]

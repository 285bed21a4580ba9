"""The database's key of deliveries: (slot, id). They are updated twice or more: room for that."""

from typing import ClassVar

from django.db import migrations

from keepline.slots.migrations import leave_room, slotted_primary_key


class Migration(migrations.Migration):
    dependencies: ClassVar = [("keepline_messages", "0006_deliveries")]
    operations: ClassVar = [
        slotted_primary_key("messages_delivery"),
        leave_room("messages_delivery"),
    ]

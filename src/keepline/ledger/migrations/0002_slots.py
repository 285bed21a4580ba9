"""The database's keys: (slot, id), and facts that never change, and room for updates in place."""

from typing import ClassVar

from django.db import migrations

from keepline.slots.migrations import append_only, leave_room, slotted_primary_key


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0001_initial")]
    operations: ClassVar = [
        slotted_primary_key("ledger_wallet", "ledger_transfer"),
        append_only("ledger_transfer"),
        leave_room("ledger_wallet"),
    ]

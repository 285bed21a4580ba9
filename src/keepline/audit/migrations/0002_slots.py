"""The database's keys: (slot, id), and facts that never change."""

from typing import ClassVar

from django.db import migrations

from keepline.slots.migrations import append_only, slotted_primary_key


class Migration(migrations.Migration):
    dependencies: ClassVar = [("audit", "0001_initial")]
    operations: ClassVar = [
        slotted_primary_key("audit_auditevent"),
        append_only("audit_auditevent"),
    ]

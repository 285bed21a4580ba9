"""The database's keys: (slot, id), and facts that never change, and room for updates in place."""

from typing import ClassVar

from django.db import migrations

from keepline.slots.migrations import append_only, leave_room, slotted_primary_key


class Migration(migrations.Migration):
    dependencies: ClassVar = [("lines", "0001_initial")]
    operations: ClassVar = [
        slotted_primary_key("lines_line", "lines_validity", "lines_extension", "lines_lineevent"),
        append_only("lines_extension", "lines_lineevent"),
        leave_room("lines_validity"),
    ]

"""The database's keys: (slot, id)."""

from typing import ClassVar

from django.db import migrations

from keepline.slots.migrations import slotted_primary_key


class Migration(migrations.Migration):
    dependencies: ClassVar = [("porting", "0001_initial")]
    operations: ClassVar = [
        slotted_primary_key("porting_portout"),
    ]

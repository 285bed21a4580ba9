"""A number has one holder at any instant: the database itself refuses a second one.

Equality of numbers is told by points, x the number and y its hash, so that no extension is needed
and the boxes of the tree have an area (docs/decisions/0014-one-holder.md).
"""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("inventory", "0002_slots")]
    operations: ClassVar = [
        migrations.RunSQL(
            "ALTER TABLE inventory_ownershipperiod ADD CONSTRAINT ownership_one_holder"
            " EXCLUDE USING gist (point(e164, hashint8(e164)) WITH ~=, during WITH &&)",
            "ALTER TABLE inventory_ownershipperiod DROP CONSTRAINT ownership_one_holder",
        )
    ]

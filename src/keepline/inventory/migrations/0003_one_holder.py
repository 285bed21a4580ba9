"""A number has one holder at any instant (design, settled 8). A range of one needs no extension."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("inventory", "0002_slots")]
    operations: ClassVar = [
        migrations.RunSQL(
            "ALTER TABLE inventory_ownershipperiod ADD CONSTRAINT ownership_one_holder"
            " EXCLUDE USING gist (int8range(e164, e164, '[]') WITH &&, during WITH &&)",
            "ALTER TABLE inventory_ownershipperiod DROP CONSTRAINT ownership_one_holder",
        ),
    ]

"""Periods of a number stand in a chain, kept by B-trees (docs/decisions/0014-one-holder.md)."""

from typing import ClassVar

from django.db import migrations, models

FILL = """
DELETE FROM inventory_ownershipperiod WHERE isempty(during);
UPDATE inventory_ownershipperiod p
SET begins_at = lower(p.during), ends_at = upper(p.during), follows_at = b.follows_at
FROM (
  SELECT slot, id,
         lag(upper(during)) OVER (PARTITION BY slot, e164 ORDER BY lower(during)) AS follows_at
  FROM inventory_ownershipperiod
) AS b WHERE b.slot = p.slot AND b.id = p.id
"""
FOLLOWS = """
ALTER TABLE inventory_ownershipperiod ADD CONSTRAINT ownership_follows
FOREIGN KEY (slot, e164, follows_at) REFERENCES inventory_ownershipperiod (slot, e164, ends_at)
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("inventory", "0003_one_holder")]
    operations: ClassVar = [
        migrations.AddField("ownershipperiod", "begins_at", models.DateTimeField(null=True)),
        migrations.AddField("ownershipperiod", "ends_at", models.DateTimeField(null=True)),
        migrations.AddField("ownershipperiod", "follows_at", models.DateTimeField(null=True)),
        migrations.RunSQL(
            "ALTER TABLE inventory_ownershipperiod DROP CONSTRAINT ownership_one_holder"
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveField("ownershipperiod", "during"),
        migrations.AlterField("ownershipperiod", "begins_at", models.DateTimeField()),
        migrations.AddConstraint(
            "ownershipperiod",
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("begins_at")), name="ownership_lasts"
            ),
        ),
        migrations.AddConstraint(
            "ownershipperiod",
            models.CheckConstraint(
                condition=models.Q(begins_at__gte=models.F("follows_at")),
                name="ownership_after_the_one_before",
            ),
        ),
        migrations.AddConstraint(
            "ownershipperiod",
            models.UniqueConstraint(
                fields=["slot", "e164", "ends_at"], nulls_distinct=False, name="ownership_one_last"
            ),
        ),
        migrations.AddConstraint(
            "ownershipperiod",
            models.UniqueConstraint(
                fields=["slot", "e164", "follows_at"],
                nulls_distinct=False,
                name="ownership_one_follower",
            ),
        ),
        migrations.RunSQL(
            FOLLOWS, "ALTER TABLE inventory_ownershipperiod DROP CONSTRAINT ownership_follows"
        ),
    ]

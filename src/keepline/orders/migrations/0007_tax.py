"""An order says how its tax was found; those with tax so far had their plan's own."""

from django.db import migrations, models

RATES_OF_PLANS = """
UPDATE orders_order o SET tax_rate_ppm = p.tax_rate_ppm, tax_inclusive = p.tax_inclusive
FROM catalog_plan p
WHERE p.id = o.plan_id AND o.kind = 'renewal' AND (p.tax_rate_ppm > 0 OR NOT p.tax_inclusive)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0006_reclaim"),
        ("catalog", "0002_clock_policies"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="tax_country",
            field=models.CharField(blank=True, db_default="", default="", max_length=2),
        ),
        migrations.AddField(
            model_name="order",
            name="tax_rate_ppm",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="order",
            name="tax_inclusive",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.RunSQL(RATES_OF_PLANS, migrations.RunSQL.noop),
    ]

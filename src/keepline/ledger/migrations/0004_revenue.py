"""The schedule of revenue; what was sold before is entered, its past to be earned at once."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.db import migrations, models

from keepline.core.revenue import changes_of_sale

SOLD = """
SELECT o.plan_id, o.currency, o.total_minor - o.tax_minor, e.period_start, e.period_end
FROM orders_order o JOIN lines_extension e ON e.slot = o.slot AND e.order_id = o.id
WHERE o.slot = %s AND o.kind = 'renewal' AND o.state = 'completed'
  AND o.receipt_number IS NOT NULL AND o.total_minor > o.tax_minor
"""


def enter_sales(apps: Any, schema_editor: Any) -> None:
    """Every sale that has its receipt number, slot by slot."""
    today = datetime.now(UTC).date()
    for slot in range(256):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(SOLD, [slot])
            rows = cursor.fetchall()
        _enter(apps, slot, rows, today)
    if apps.get_model("ledger", "RevenueSlope").objects.exists():
        apps.get_model("ledger", "RevenueBooking").objects.create(
            id=1, last_booked_on=today - timedelta(days=1)
        )


def _enter(apps: Any, slot: int, rows: Iterable[Any], today: Any) -> None:
    sums: dict[Any, int] = {}
    for plan_id, currency, net_minor, start, end in rows:
        for day, delta_minor in changes_of_sale(net_minor, start, end, today).items():
            key = (plan_id, currency, day)
            sums[key] = sums.get(key, 0) + delta_minor
    slope = apps.get_model("ledger", "RevenueSlope")
    slope.objects.bulk_create(
        slope(slot=slot, plan_id=plan_id, currency=currency, day=day, delta_minor=delta_minor)
        for (plan_id, currency, day), delta_minor in sums.items()
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("ledger", "0003_money_out"),
        ("lines", "0005_fewer_indexes"),
        ("orders", "0006_reclaim"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="RevenueBooking",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("last_booked_on", models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name="RevenueRate",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slot", models.SmallIntegerField()),
                ("plan_id", models.IntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("rate_minor", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("slot", "plan_id", "currency"), name="revenue_rate_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate_minor__gte", 0)), name="revenue_not_taken_back"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RevenueSlope",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slot", models.SmallIntegerField()),
                ("plan_id", models.IntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("day", models.DateField()),
                ("delta_minor", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "slot", "plan_id", "currency"), name="revenue_slope_once"
                    )
                ],
            },
        ),
        migrations.RunPython(enter_sales, migrations.RunPython.noop),
    ]

"""Every line gets its next step; the zone of its months moves to its clock.

What a line of an earlier version has ahead is the first reminder or try, or the next change of
state; the agenda goes on from there (core.agenda). Lines that sleep until go-live have no step.
"""

from django.db import migrations, models
from django.db.models import Q

# 1 renew, 2 remind, 4 suspend, 5 withdraw
PLAN_AHEAD = """
UPDATE lines_validity v
SET time_zone = l.time_zone,
    since_at = CASE v.state
      WHEN 'grace' THEN v.valid_until
      WHEN 'suspended' THEN v.valid_until + make_interval(days => p.grace_days) END,
    next_step = CASE
      WHEN v.dormant OR v.valid_until IS NULL THEN NULL
      WHEN v.state = 'active' AND v.auto_renew THEN 1
      WHEN v.state IN ('active', 'paused') THEN 2
      WHEN v.state = 'grace' THEN 4
      WHEN v.state = 'suspended' THEN 5 END,
    next_action_at = CASE
      WHEN v.dormant OR v.valid_until IS NULL THEN NULL
      WHEN v.state = 'active' AND v.auto_renew THEN v.valid_until - interval '3 days'
      WHEN v.state IN ('active', 'paused') THEN v.valid_until - interval '7 days'
      WHEN v.state = 'grace' THEN v.valid_until + make_interval(days => p.grace_days)
      WHEN v.state = 'suspended'
        THEN v.valid_until + make_interval(days => p.grace_days + p.suspended_days) END
FROM lines_line l, catalog_policy p
WHERE l.slot = v.slot AND l.id = v.id AND p.id = v.policy_id
"""
ZONE_BACK = """
UPDATE lines_line l SET time_zone = v.time_zone
FROM lines_validity v WHERE v.slot = l.slot AND v.id = l.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lines", "0003_unused_indexes"),
        ("catalog", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="validity", name="validity_due"),
        migrations.AddField(
            model_name="validity", name="lead_days", field=models.SmallIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="validity", name="next_step", field=models.SmallIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="validity", name="since_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="validity", name="warned_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="validity",
            name="time_zone",
            field=models.CharField(default="UTC", max_length=64),
            preserve_default=False,
        ),
        migrations.RunSQL(PLAN_AHEAD, ZONE_BACK),
        migrations.RemoveField(model_name="line", name="time_zone"),
        migrations.AddIndex(
            model_name="validity",
            index=models.Index(
                fields=["next_step", "next_action_at"],
                name="validity_due",
                condition=Q(next_action_at__isnull=False, clock_id=0),
            ),
        ),
        migrations.AddIndex(
            model_name="validity",
            index=models.Index(
                fields=["clock_id", "next_step", "next_action_at"],
                name="validity_due_by_test_clock",
                condition=Q(next_action_at__isnull=False) & ~Q(clock_id=0),
            ),
        ),
    ]

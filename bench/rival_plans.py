"""(e): PyPI's django-plans renews accounts by its own task, on the same PostgreSQL.

Runs in an environment of its own (rival_plans.txt), without Keepline:

    python rival_plans.py prepare ACCOUNTS    tables and accounts, whose plans end tomorrow
    python rival_plans.py renew               its task for all of them; prints the cost as JSON

As its documentation says: `autorenew_account` asks for each account that is due, a receiver makes
the order for the renewal and completes it. Left out, in its favour: mails, and invoices, which it
can hand to a queue. There is no wallet and no ledger in it.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.meter import measured


def later(job: Any, *arguments: Any) -> None:
    """Invoices are a queue's work, which is not measured."""


class Untaxed:
    """Its ways to find a tax rate ask services on the net; this one asks nobody."""

    @staticmethod
    def get_tax_rate(*_: Any) -> tuple[None, bool]:
        """No tax, and that is certain."""
        return None, True


def configure() -> None:
    """The settings that it asks for, and Django's own for a lean project."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(os.environ["KEEPLINE_DATABASE_URL"])
    settings.configure(
        SECRET_KEY="known to everybody",
        USE_TZ=True,
        TIME_ZONE="UTC",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sites",
            "ordered_model",
            "sequences",
            "plans",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts["dbname"],
                "USER": parts["user"],
                "HOST": parts["host"],
                "CONN_MAX_AGE": 600,
                "OPTIONS": {"server_side_binding": True, "prepare_threshold": 3},
            }
        },
        SITE_ID=1,
        PLANS_CURRENCY="USD",
        PLANS_TAXATION_POLICY="bench.rival_plans.Untaxed",
        PLANS_INVOICE_ISSUER={"issuer_name": "bench"},
        PLANS_INVOICING_RUNNER="bench.rival_plans.later",
        PLANS_SEND_EMAILS_PLAN_EXTENDED=False,
        SEND_PLANS_EMAILS=False,
        PLANS_AUTORENEW_SCHEDULE=[timedelta(days=3)],
        LOGGING={"version": 1, "loggers": {"": {"level": "ERROR"}}},
    )
    django.setup()


def prepare(accounts: int) -> None:
    """Every account has a paid plan of a month, billing data and a verified token."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.utils import timezone
    from plans.models import (
        BillingInfo,
        Plan,
        PlanPricing,
        Pricing,
        RecurringUserPlan,
        UserPlan,
    )

    call_command("migrate", verbosity=0, interactive=False)
    plan = Plan.objects.create(name="month", available=True, visible=True)
    pricing = Pricing.objects.create(name="month", period=30)
    PlanPricing.objects.create(plan=plan, pricing=pricing, price=3)
    users = User.objects.bulk_create(User(username=f"u{n}", email="") for n in range(accounts))
    ends_on = timezone.localdate() + timedelta(days=1)
    owned = UserPlan.objects.bulk_create(
        UserPlan(user=user, plan=plan, expire=ends_on, active=True) for user in users
    )
    BillingInfo.objects.bulk_create(
        BillingInfo(user=user, name="n", street="s", zipcode="z", city="c", country="US")
        for user in users
    )
    RecurringUserPlan.objects.bulk_create(
        RecurringUserPlan(
            user_plan=one,
            pricing=pricing,
            amount=3,
            currency="USD",
            renewal_triggered_by=RecurringUserPlan.RENEWAL_TRIGGERED_BY.TASK,
            token_verified=True,
        )
        for one in owned
    )


def complete(user: Any, **_: Any) -> None:
    """What a payment provider's receiver does once the money is there."""
    user.userplan.recurring.create_renew_order().complete_order()


def renew() -> None:
    """Its task, and afterwards a look whether every account was extended."""
    from plans.models import Order, UserPlan
    from plans.signals import account_automatic_renewal
    from plans.tasks import autorenew_account

    account_automatic_renewal.connect(complete)
    UserPlan.objects.exists()  # connects
    cost = measured(lambda: len(autorenew_account()))
    completed = Order.objects.filter(status=Order.STATUS.COMPLETED).count()
    left = UserPlan.objects.filter(orders_behind()).count()
    if completed != cost.lines or left:
        raise RuntimeError(f"{completed} orders for {cost.lines} accounts, {left} not extended")
    print(json.dumps(cost.as_dict()))


def orders_behind() -> Any:
    """Accounts whose plan still ends within the month."""
    from django.db.models import Q
    from django.utils import timezone

    return Q(expire__lt=timezone.localdate() + timedelta(days=30))


if __name__ == "__main__":
    configure()
    if sys.argv[1] == "prepare":
        prepare(int(sys.argv[2]))
    else:
        renew()

"""What can be bought: carriers, regions, plans with versions, prices, policies.

Catalogue tables are small and read by all: on a cluster they are reference tables, which is
why their ids are plain integers.
"""

from collections.abc import Sequence

from django.db import models


class LineKind(models.TextChoices):
    """The five kinds of line that an operator may sell (README.md)."""

    VIRTUAL_NUMBER = "virtual_number"
    TRAVEL_SIM = "travel_sim"
    COUNTRY_ESIM = "country_esim"
    LOCAL_DATA_SIM = "local_data_sim"
    KEEP_ALIVE = "keep_alive"


class Carrier(models.Model):
    """A network operator behind lines."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    country = models.CharField(max_length=2)  # ISO 3166-1 alpha-2


class Region(models.Model):
    """Where a plan is valid: one country or a list of them."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.JSONField()  # {"en": ..., "zh-hans": ...}
    countries = models.JSONField()  # ["TH"], ISO 3166-1 alpha-2


GRACE_SERVICES = [
    ("full", "all of it"),
    ("inbound", "incoming calls and messages"),
    ("none", "nothing"),
]


IDENTITY_CHECKS = [("none", "never"), ("before_sale", "before a line is sold")]


def default_retry_days() -> list[int]:
    return [-3, -2, -1, 0, 1, 3, 5, 7]


def default_countdown() -> list[int]:
    return [14, 7, 3, 1]


def default_after_expiry() -> list[int]:
    return [7]


class Policy(models.Model):
    """The clock's rules for a family of lines: versioned data with a source.

    A line is pinned to the version it was bought under. Days are whole days.
    """

    code = models.SlugField(max_length=40)
    version = models.PositiveIntegerField()
    grace_days = models.PositiveIntegerField()
    suspended_days = models.PositiveIntegerField()
    reclaim_days = models.PositiveIntegerField()
    quarantine_days = models.PositiveIntegerField()
    grace_rule = models.CharField(
        max_length=12, choices=[("from_payment", "from payment"), ("from_expiry", "from expiry")]
    )
    grace_service = models.CharField(max_length=8, choices=GRACE_SERVICES, default="inbound")
    promise_seconds = models.PositiveIntegerField(default=600)
    # Days from expiry (core.agenda); a line's own wish may begin the tries earlier or later.
    retry_days = models.JSONField(default=default_retry_days)
    remind_before_expiry_days = models.JSONField(default=default_countdown)
    remind_after_expiry_days = models.JSONField(default=default_after_expiry)
    remind_before_withdrawal_days = models.JSONField(default=default_countdown)
    notice_required = models.BooleanField(default=True)  # no number goes without one delivered
    reclaim_fee_minor = models.JSONField(default=dict)  # by currency; none: no fee
    # By currency; none: lines under this policy keep the number they have.
    number_change_fee_minor = models.JSONField(default=dict, db_default={})
    number_change_days = models.PositiveIntegerField(default=30, db_default=30)  # between two
    sim_swap_fee_minor = models.JSONField(default=dict, db_default={})  # by currency; none: no fee
    # How long received messages are kept: usually, and the longest that a holder may choose.
    message_days = models.PositiveSmallIntegerField(default=30, db_default=30)
    message_days_most = models.PositiveSmallIntegerField(default=90, db_default=90)
    carrier_switch_fee_minor = models.JSONField(default=dict, db_default={})  # likewise
    carrier_switch_days = models.PositiveIntegerField(default=7, db_default=7)  # between two
    # A number may leave (flows.authorise_port): so long after it came or its SIM was swapped ...
    port_out_after_days = models.PositiveIntegerField(default=7, db_default=7)
    # ... its code is shown so long after it was asked for, and good for so many days from then on;
    port_out_wait_hours = models.PositiveIntegerField(default=24, db_default=24)
    port_out_code_days = models.PositiveIntegerField(default=30, db_default=30)
    # and so long before it goes its holder is told, and may keep it.
    port_out_notice_hours = models.PositiveIntegerField(default=24, db_default=24)
    # A number that has rested is released once nobody wrote to it for so many days (0: whether or
    # not), and after so many more all the same (flows.sweeping.resting).
    quiet_days = models.PositiveIntegerField(default=30, db_default=30)
    quiet_days_most = models.PositiveIntegerField(default=180, db_default=180)
    # Whether an account shows who it is before it buys such a line (docs/identity.md).
    identity_check = models.CharField(
        max_length=12, choices=IDENTITY_CHECKS, default="none", db_default="none"
    )
    source = models.URLField(max_length=300, blank=True)  # the law or operator's page it rests on
    since_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="policy_version"),
            models.CheckConstraint(
                condition=models.Q(reclaim_days__lte=models.F("quarantine_days")),
                name="policy_reclaim_inside_quarantine",
            ),
            models.CheckConstraint(
                condition=models.Q(message_days__lte=models.F("message_days_most")),
                name="policy_message_days_within",
            ),
        ]


class Plan(models.Model):
    """A product offering (TMF620). A plan that was sold is never edited: a change is a version."""

    code = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    line_kind = models.CharField(max_length=20, choices=LineKind.choices)
    name = models.JSONField()  # {"en": ..., "zh-hans": ...}
    conditions = models.JSONField(default=dict)
    carrier = models.ForeignKey(Carrier, on_delete=models.PROTECT, null=True)  # one alone
    # Several behind it, the first to be sold first: ids of carriers; empty: `carrier`, if any.
    carrier_ids = models.JSONField(default=list, db_default=[])
    # The eSIM profile of a carrier that was left stands by, for the way back.
    keeps_profiles = models.BooleanField(default=False, db_default=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT)
    term = models.CharField(max_length=8)  # ISO 8601 duration: P1D, P30D, P1M, P3M, P1Y
    # Allowances of one term: null is unlimited, 0 is none.
    data_bytes = models.BigIntegerField(null=True)
    voice_seconds = models.BigIntegerField(null=True)
    sms_count = models.BigIntegerField(null=True)
    delivery = models.CharField(
        max_length=8,
        choices=[("ledger", "nothing changes in the network"), ("network", "network is told")],
    )
    tax_rate_ppm = models.PositiveIntegerField(default=0)
    tax_inclusive = models.BooleanField(default=True)
    sold_from_at = models.DateTimeField()
    sold_until_at = models.DateTimeField(null=True)

    behind: Sequence[Carrier] = ()  # its carriers, where `queries.plans_among` has read it

    @property
    def carrier_names(self) -> str:
        """For people to read; "" for a plan that names none."""
        return ", ".join(each.name for each in self.behind)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="plan_version")]


class PlanPrice(models.Model):
    """The price of one term of a plan in one currency; never converted."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="prices")
    currency = models.CharField(max_length=3)
    price_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "currency"], name="plan_price_currency"),
            models.CheckConstraint(
                condition=models.Q(price_minor__gte=0), name="plan_price_not_negative"
            ),
        ]


class LoadedPreset(models.Model):
    """Which shipped catalogue files were loaded, and with what content."""

    code = models.SlugField(max_length=40, unique=True)
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()

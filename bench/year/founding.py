"""The base that the year begins with: some policies, some plans, accounts whose wallets are shared.

All of it follows from the seed, but for the ids.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from allauth.account.models import EmailAddress

from keepline.accounts.models import User
from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan, PlanPrice, Policy
from keepline.core import postings
from keepline.core.ids import slot_of
from keepline.core.lifecycle.line import LineState
from keepline.flows.attach_clock import attach_clock
from keepline.flows.open_account import open_account
from keepline.flows.open_clock import open_clock
from keepline.flows.open_line import LineToOpen, open_existing_line
from keepline.ledger import services as ledger
from keepline.slots.ids import new_id

CLOCK, ACTOR, CURRENCY = "year", "bench", "USD"
FIRST_NUMBER = 447_700_000_000
# days: grace, suspended, reclaim, quarantine; then the rule, and whether a notice is required
POLICIES = {
    "long": (30, 60, 120, 180, "from_payment", True),
    "short": (10, 20, 30, 45, "from_expiry", True),
    "blunt": (5, 10, 45, 60, "from_payment", False),
}
# minor units, term, delivery, bytes
PLANS = {
    "month": (300, "P1M", "ledger", 0),
    "quarter": (800, "P3M", "ledger", 0),
    "thirty": (250, "P30D", "ledger", 10**9),
    "network": (450, "P1M", "network", 5 * 10**9),
}
MANY = 1000
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Asia/Kathmandu", "UTC")


def found(lines: int, seed: int, now: datetime) -> None:
    """Policies, plans, accounts with `lines` lines in all, and the clock they live by.

    A small base ends its periods at few hours of the day, or a year would have a step for nearly
    every line and month.
    """
    chance = Random(seed)
    hours = (0, 3, 6, 9, 12, 15, 18, 21) if lines >= MANY else (6, 18)
    told = 0.95 if lines >= MANY else 0.6
    for policy in POLICIES:
        for name in PLANS:
            _plan(name, policy, now)
    catalog.forget()
    ledger.open_house_accounts([CURRENCY], ["sandbox"])
    open_clock(CLOCK, now, ACTOR, now)
    opened = 0
    while opened < lines:
        opened += _household(
            opened, min(chance.choice([1, 1, 2, 4]), lines - opened), hours, told, chance, now
        )


def _plan(name: str, policy: str, now: datetime) -> None:
    grace, suspended, reclaim, quarantine, rule, notice = POLICIES[policy]
    rules, _ = Policy.objects.get_or_create(
        code=policy,
        version=1,
        defaults={
            "grace_days": grace,
            "suspended_days": suspended,
            "reclaim_days": reclaim,
            "quarantine_days": quarantine,
            "grace_rule": rule,
            "notice_required": notice,
            "since_at": now,
        },
    )
    price_minor, term, delivery, data_bytes = PLANS[name]
    made = Plan.objects.create(
        code=f"{policy}-{name}",
        version=1,
        line_kind="keep_alive",
        name={"en": f"{policy} {name}", "zh-hans": f"{policy} {name}"},
        policy=rules,
        term=term,
        data_bytes=data_bytes,
        voice_seconds=0,
        sms_count=0,
        delivery=delivery,
        sold_from_at=now - timedelta(days=1),
    )
    PlanPrice.objects.create(plan=made, currency=CURRENCY, price_minor=price_minor)


def _household(
    number: int, lines: int, hours: Sequence[int], told: float, chance: Random, now: datetime
) -> int:
    """One account, attached before it has lines; returns how many it got.

    `told`: the share of accounts with an address. Lines of the others cannot be withdrawn where a
    notice is required: they are held, and told in vain, every day.
    """
    user = User.objects.create_user(f"h{number}@example.com", None, name=f"H {number}")
    if chance.random() < told:
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    opened = open_account(user, CURRENCY, "en", chance.choice(ZONES), now)
    attach_clock(CLOCK, opened.account_id, ACTOR, now)
    money_minor = chance.choice([0, 200, 1000, 5000, 20_000])
    if money_minor:
        slot = slot_of(opened.wallet_id)
        draft = postings.opening_balance(new_id(slot), opened.wallet_id, money_minor, CURRENCY)
        ledger.book(slot, [draft], now)
    policy = chance.choice(list(POLICIES))
    for index in range(lines):
        began_at = now - timedelta(hours=chance.randrange(1, 600))
        open_existing_line(
            LineToOpen(
                account_id=opened.account_id,
                plan_code=f"{policy}-{chance.choice(list(PLANS))}",
                label="",
                e164=FIRST_NUMBER + number + index,
                iccid=None,
                carrier_id=None,
                state=LineState.ACTIVE,
                started_at=began_at,
                valid_until=_ends_at(now, hours, chance),
                auto_renew=chance.random() < 0.6,
                actor=ACTOR,
            ),
            now,
        )
    return lines


def _ends_at(now: datetime, hours: Sequence[int], chance: Random) -> datetime:
    day = now.replace(minute=chance.randrange(60), second=0, microsecond=0)
    return day.replace(hour=chance.choice(hours)) + timedelta(days=chance.randrange(1, 36))

"""What people do on a day: renew, top up and pay or not, switch, take numbers, want them back.

Who does what follows from the seed and the day. The keys do as well: whoever is killed in the
middle of a day begins it again, and its first half is answered, not done twice.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from bench.year import weather
from bench.year.founding import ACTOR, CURRENCY, PLANS, POLICIES
from keepline.core.lifecycle.line import LineState
from keepline.flows import reclaim_number, renew_line, top_up_wallet
from keepline.flows.errors import FlowRefused
from keepline.flows.open_line import LineToOpen, open_existing_line
from keepline.flows.open_payment import open_payment
from keepline.flows.set_auto_renew import AutoRenewWish, set_auto_renew
from keepline.flows.settle_payment import settle
from keepline.inventory.services import NumberTaken
from keepline.orders.services import OrderMoved
from keepline.slots.sql import fetch_all

BUSY_ONE_IN = 200  # so many lines, one act a day; four at least
LINES = """
SELECT v.id, v.account_id, v.state, v.policy_id, p.code AS plan_code, l.e164
FROM lines_validity v JOIN lines_line l ON l.slot = v.slot AND l.id = v.id
JOIN catalog_plan p ON p.id = v.plan_id
ORDER BY l.e164, l.opened_at, v.id
"""
FREE = "SELECT e164 FROM inventory_number WHERE state = 'available' ORDER BY e164"
HOW = ["captured", "captured", "captured", "declined", ""]


def live(day: datetime, seed: int) -> int:
    """One day of everybody; returns how many acts it had."""
    chance = Random(f"{seed}:{day.date()}")
    weather.change(chance)
    rows = fetch_all(LINES)
    acts = max(4, len(rows) // BUSY_ONE_IN)
    for number in range(acts):
        _act(chance, chance.choice(rows), f"{day:%Y%m%d}-{number:05d}", day)
    for row in fetch_all(FREE)[:2]:
        _take(chance, row.e164, chance.choice(rows).account_id, day)
    return acts


def _act(chance: Random, line: Any, key: str, now: datetime) -> None:
    deed = chance.choice(["renew", "renew", "top_up", "top_up", "switch", "reclaim"])
    how, amount_minor = chance.choice(HOW), chance.choice([300, 900, 3000])
    wallet, comes_back = chance.choice(["only", "part", "none"]), chance.random() < 0.5
    on, lead = chance.random() < 0.6, chance.choice([None, None, 0, 3])
    try:
        if deed == "switch":
            set_auto_renew(AutoRenewWish(line.account_id, line.id, on, None, lead, ACTOR), now)
        elif line.state == LineState.TERMINATED:
            _reclaim(line, key, now)
        elif deed == "renew":
            _renew(line, key, wallet, how, comes_back, now)
        elif deed == "top_up":
            asked = top_up_wallet.TopUpRequest(
                line.account_id, amount_minor, CURRENCY, "sandbox", key, ACTOR, "portal"
            )
            _pay(top_up_wallet.start(asked, now).order_id, how, comes_back, now)
    except (FlowRefused, OrderMoved):
        pass  # people are refused now and then; what a refusal leaves behind is checked


def _renew(line: Any, key: str, wallet: Any, how: str, comes_back: bool, now: datetime) -> None:
    asked = renew_line.RenewalRequest(
        account_id=line.account_id,
        line_id=line.id,
        plan_code=line.plan_code,
        currency=CURRENCY,
        use_wallet=wallet,
        provider=None if wallet == "only" else "sandbox",
        key=key,
        expected_total_minor=None,
        actor=ACTOR,
        channel="portal",
    )
    started = renew_line.start(asked, now)
    if started.needs_payment:
        _pay(started.order_id, how, comes_back, now)


def _pay(order_id: UUID, how: str, comes_back: bool, now: datetime) -> None:
    """On to the checkout; there they pay, or cannot, or think better of it."""
    from keepline.payments.services import payment_id_of

    address = open_payment(order_id, "en", now)
    if address and how:
        weather.pay(payment_id_of(order_id), how)
    if comes_back:
        settle(order_id, now)


def _reclaim(line: Any, key: str, now: datetime) -> None:
    asked = reclaim_number.ReclaimRequest(
        account_id=line.account_id,
        line_id=line.id,
        key=key,
        expected_fee_minor=None,
        actor=ACTOR,
        channel="portal",
    )
    reclaim_number.reclaim(asked, now)


def _take(chance: Random, e164: int, account_id: UUID, now: datetime) -> None:
    """A number that rested enough gets a new holder."""
    policy, plan = chance.choice(list(POLICIES)), chance.choice(list(PLANS))
    wanted = LineToOpen(
        account_id=account_id,
        plan_code=f"{policy}-{plan}",
        label="",
        e164=e164,
        iccid=None,
        carrier_id=None,
        state=LineState.ACTIVE,
        started_at=now,
        valid_until=now + timedelta(days=chance.randrange(1, 40)),
        auto_renew=chance.random() < 0.5,
        actor=ACTOR,
    )
    with suppress(FlowRefused, NumberTaken):
        open_existing_line(wanted, now)

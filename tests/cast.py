"""The cast of the tests: Alice owns a line, Bob is a member, Charlie must see nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from keepline.accounts.models import Account, Membership, Role, User
from keepline.accounts.services import admit_user, open_account
from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan, PlanPrice, Policy
from keepline.core import postings
from keepline.core.agenda import Step
from keepline.core.ids import derived_id
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.ledger import services as ledger
from keepline.lines.models import Extension, Line, Validity
from keepline.orders.models import Order, OrderKind
from keepline.slots.ids import new_id

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
PASSWORD = "a calm and long passphrase"


def person(name: str, **fields: Any) -> User:
    """A user who signs in with NAME@example.com and PASSWORD."""
    return admit_user(PASSWORD, f"{name}@example.com", name=name.title(), **fields)


def account(owner: User, currency: str = "USD", wallet_minor: int = 0) -> Account:
    """An account with an open wallet."""
    opened = open_account(owner, currency, "en", "Europe/Berlin", NOW - timedelta(days=400))
    # Many a test buys more than a person would; the cap has tests of its own (set_line_cap).
    Account.objects.filter(slot=opened.slot, id=opened.id).update(line_cap=0)
    ledger.open_house_accounts([currency], ["sandbox"])
    wallet = ledger.open_wallet(opened.id, currency)
    if wallet_minor:
        fill(wallet.id, wallet_minor, currency)
    return opened


def fill(wallet_id: UUID, amount_minor: int, currency: str = "USD") -> None:
    """Money from an earlier life of the wallet."""
    cause = new_id(wallet_id.int >> 64 & 0xFFF)
    draft = postings.opening_balance(cause, wallet_id, amount_minor, currency)
    ledger.book(wallet_id.int >> 64 & 0xFFF, [draft], NOW)


def plan(code: str = "keep-1m", **fields: Any) -> Plan:
    """A plan on sale: a month for 3.00 USD, nothing changes in the network."""
    policy, _ = Policy.objects.get_or_create(
        code="test",
        version=1,
        defaults={
            "grace_days": 30,
            "suspended_days": 60,
            "reclaim_days": 120,
            "quarantine_days": 180,
            "grace_rule": "from_payment",
            "since_at": NOW,
        },
    )
    price_minor = fields.pop("price_minor", 300)
    currency = fields.pop("currency", "USD")
    values: dict[str, Any] = {
        "version": 1,
        "line_kind": "keep_alive",
        "name": {"en": code, "zh-hans": code},
        "policy": policy,
        "term": "P1M",
        "data_bytes": 0,
        "voice_seconds": 0,
        "sms_count": 0,
        "delivery": "ledger",
        "sold_from_at": NOW - timedelta(days=500),
    }
    made = Plan.objects.create(code=code, **(values | fields))
    PlanPrice.objects.create(plan=made, currency=currency, price_minor=price_minor)
    catalog.forget()
    return made


def line(owner: Account, with_plan: Plan, **fields: Any) -> Line:
    """An active line that runs out in ten days, with the extension that brought it there."""
    row_id = new_id(owner.slot)
    state = fields.pop("state", LineState.ACTIVE)
    valid_until = fields.pop("valid_until", NOW + timedelta(days=10))
    time_zone = fields.pop("time_zone", "Europe/Berlin")
    since_at = fields.pop("since_at", _since(state, valid_until, with_plan))
    started = valid_until - timedelta(days=30)
    step, days = _next_change(state, with_plan)
    made = Line.objects.create(
        slot=owner.slot,
        id=row_id,
        account_id=owner.id,
        kind=with_plan.line_kind,
        opened_at=started,
        activated_at=started,
        **fields,
    )
    Validity.objects.create(
        slot=owner.slot,
        id=row_id,
        account_id=owner.id,
        wallet_id=ledger.wallet_id_of(owner.id, owner.currency),
        state=state,
        time_zone=time_zone,
        plan_id=with_plan.id,
        policy_id=with_plan.policy_id,
        valid_until=valid_until,
        anchor_at=started,
        anchor_count=0,
        since_at=since_at,
        next_step=step,
        next_action_at=step and (since_at or valid_until) + timedelta(days=days),
    )
    _first_extension(made, owner, with_plan, started, valid_until)
    return made


def _since(state: LineState, valid_until: datetime, with_plan: Plan) -> datetime | None:
    """From when grace or suspension count when nobody was late."""
    if state is LineState.GRACE:
        return valid_until
    if state is LineState.SUSPENDED:
        return valid_until + timedelta(days=with_plan.policy.grace_days)
    return None


def _next_change(state: LineState, with_plan: Plan) -> tuple[Step | None, int]:
    """The end of the phase, in days from its start; reminders and tries are the tests' own."""
    changes = {
        LineState.ACTIVE: (Step.EXPIRE, 0),
        LineState.PAUSED: (Step.EXPIRE, 0),
        LineState.GRACE: (Step.SUSPEND, with_plan.policy.grace_days),
        LineState.SUSPENDED: (Step.WITHDRAW, with_plan.policy.suspended_days),
    }
    return changes.get(state, (None, 0))


def _first_extension(
    made: Line, owner: Account, with_plan: Plan, started: datetime, ended: datetime
) -> None:
    order_id = new_id(owner.slot)
    Order.objects.create(
        slot=owner.slot,
        id=order_id,
        account_id=owner.id,
        line_id=made.id,
        wallet_id=ledger.wallet_id_of(owner.id, owner.currency),
        kind=OrderKind.OPENING,
        state=OrderState.COMPLETED,
        plan_id=with_plan.id,
        currency=owner.currency,
        subtotal_minor=0,
        total_minor=0,
        actor="import",
        channel="import",
        seller="house",
        accepted_at=started,
        completed_at=started,
        valid_until_after=ended,
    )
    Extension.objects.create(
        slot=owner.slot,
        id=derived_id(order_id, "extension"),
        line_id=made.id,
        order_id=order_id,
        plan_id=with_plan.id,
        period_start=started,
        period_end=ended,
        anchor_at=started,
        anchor_count=0,
        granted_at=started,
        data_bytes=with_plan.data_bytes,
        voice_seconds=with_plan.voice_seconds,
        sms_count=with_plan.sms_count,
    )


@dataclass(frozen=True)
class Cast:
    """Everybody on stage. Amounts in minor units of the account's currency."""

    alice: User
    bob: User
    charlie: User
    account: Account
    other_account: Account
    plan: Plan
    line: Line

    @property
    def wallet_id(self) -> UUID:
        return ledger.wallet_id_of(self.account.id, self.account.currency)


def assemble(
    wallet_minor: int = 1000,
    line_fields: dict[str, Any] | None = None,
    suffix: str = "",
    currency: str = "USD",
    **plan_fields: Any,
) -> Cast:
    """Alice's account with one line and `wallet_minor` in the wallet."""
    alice, bob, charlie = (person(n + suffix) for n in ("alice", "bob", "charlie"))
    own, other = account(alice, currency, wallet_minor), account(charlie, currency)
    Membership.objects.create(user=bob, account_id=own.id, role=Role.SEE)
    sold = plan(currency=currency, **plan_fields)
    return Cast(alice, bob, charlie, own, other, sold, line(own, sold, **(line_fields or {})))

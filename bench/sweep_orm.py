"""The sweep's work written with Django's ORM: one line a transaction, and in batches.

Both decide by core's functions, lock as the house does, and leave the rows that flows.sweep_lines
leaves; bench.sweep compares them. Nothing here is slower than it needs to be.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import F

from keepline.catalog.queries import PlanOffer, policy_values, tariffs
from keepline.core import postings
from keepline.core.agenda import Due, Step
from keepline.core.allowances import NOTHING, Allowance
from keepline.core.ids import derived_id
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.renewal import Refused, RenewalDecision, decide
from keepline.flows.sweeping.tables import SWEPT, mode_of
from keepline.ledger.models import Transfer, Wallet
from keepline.lines import clock
from keepline.lines.models import Extension, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order, OrderKind
from keepline.slots.ids import new_id
from keepline.usage.models import BucketUse

UNDER_WAY = (OrderState.ACKNOWLEDGED, OrderState.IN_PROGRESS, OrderState.HELD)
# An active line has no `since_at`, and no plan of the bench has a newer version.
CLOCK = ("valid_until", "anchor_at", "anchor_count")
PLANNED = ("next_step", "next_action_at")
Key = tuple[int, UUID]


@dataclass(frozen=True)
class LineFacts:
    """What core's decision reads of a line; kind and carrier were judged when it was bought."""

    kind: str
    carrier_id: int | None
    time_zone: str
    state: LineState
    valid_until: datetime | None
    anchor_at: datetime | None
    anchor_count: int


def one_by_one(now: datetime, limit: int, page: int) -> int:
    """(b): each due line in a transaction of its own. Returns how many were renewed."""
    offers, renewed = _offers(), 0
    for slot, line_id in _due_keys(now, limit, page):
        with transaction.atomic():
            renewed += _renew_one(slot, line_id, offers, now)
    return renewed


def in_batches(now: datetime, limit: int, batch: int) -> int:
    """(c): `batch` lines a transaction, by bulk_create and bulk_update."""
    offers, renewed, left = _offers(), 0, limit
    while left > 0:
        with transaction.atomic():
            claimed, done = _renew_many(min(batch, left), offers, now)
        renewed, left = renewed + done, left - claimed
        if claimed == 0:
            break
    return renewed


def _offers() -> dict[tuple[int, str], PlanOffer]:
    """Of the plans that renew by themselves, read once."""
    return {
        key: tariff.offer
        for key, tariff in tariffs().items()
        if tariff.offer is not None and mode_of(tariff) == SWEPT
    }


def _due(now: datetime) -> Any:
    return Validity.objects.filter(next_step=Step.RENEW, next_action_at__lte=now, clock_id=0)


def _due_keys(now: datetime, limit: int, page: int) -> Iterator[Key]:
    left = limit
    while left > 0:
        query = _due(now).order_by("next_action_at").values_list("slot", "id")
        found = list(query[: min(page, left)])
        yield from found
        left -= len(found)
        if not found:
            return


def _renew_one(slot: int, line_id: UUID, offers: dict[Any, PlanOffer], now: datetime) -> bool:
    locked = Validity.objects.select_for_update(no_key=True, skip_locked=True)
    line = locked.filter(slot=slot, id=line_id, next_step=Step.RENEW, next_action_at__lte=now)
    validity = line.first()
    if validity is None:
        return False
    wallet = Wallet.objects.select_for_update(no_key=True).get(slot=slot, id=validity.wallet_id)
    if Order.objects.filter(slot=slot, line_id=line_id, state__in=UNDER_WAY).exists():
        raise RuntimeError("the bench's lines have no order under way")
    offer = offers[validity.plan_id, wallet.currency]
    decision = _decide(validity, offer, wallet, now)
    if decision is None:
        _plan_again(validity, now)
        validity.save(update_fields=PLANNED)
        _notice(validity, now).save(force_insert=True)
        return False
    before = _left_of([validity], now)[line_id] if offer.allowance != NOTHING else None
    rows = _rows(validity, wallet, offer, decision, before, now)
    for row in rows:
        row.save(force_insert=True)
    Wallet.objects.filter(slot=slot, id=wallet.id).update(
        posted_minor=F("posted_minor") - decision.quote.total_minor
    )
    _extend(validity, offer, decision, now)
    validity.save(update_fields=(*CLOCK, *PLANNED))
    return True


def _renew_many(batch: int, offers: dict[Any, PlanOffer], now: datetime) -> tuple[int, int]:
    locked = _due(now).select_for_update(no_key=True, skip_locked=True)
    lines = list(locked.order_by("next_action_at")[:batch])
    slots = sorted({line.slot for line in lines})
    wallets = {
        wallet.id: wallet
        for wallet in Wallet.objects.filter(
            slot__in=slots, id__in=sorted({line.wallet_id for line in lines})
        )
        .order_by("id")
        .select_for_update(no_key=True)
    }
    under_way = Order.objects.filter(
        slot__in=slots, line_id__in=[line.id for line in lines], state__in=UNDER_WAY
    )
    if under_way.exists():
        raise RuntimeError("the bench's lines have no order under way")
    chosen = [(line, offers[line.plan_id, wallets[line.wallet_id].currency]) for line in lines]
    before = _left_of([line for line, offer in chosen if offer.allowance != NOTHING], now)
    made: dict[type, list[Any]] = defaultdict(list)
    renewed, spending = [], {}
    for line, offer in chosen:
        wallet = wallets[line.wallet_id]
        decision = _decide(line, offer, wallet, now)
        if decision is None:
            _plan_again(line, now)
            made[Outbox].append(_notice(line, now))
            continue
        for row in _rows(line, wallet, offer, decision, before.get(line.id), now):
            made[type(row)].append(row)
        wallet.posted_minor -= decision.quote.total_minor
        spending[wallet.id] = wallet
        _extend(line, offer, decision, now)
        renewed.append(line)
    for model, rows in made.items():
        model.objects.bulk_create(rows)  # type: ignore[attr-defined]
    # The primary key begins with the slot: without it an UPDATE would read the whole table.
    Wallet.objects.filter(slot__in=slots).bulk_update(spending.values(), ["posted_minor"])
    Validity.objects.filter(slot__in=slots).bulk_update(lines, [*CLOCK, *PLANNED])
    return len(lines), len(renewed)


def _decide(
    line: Validity, offer: PlanOffer, wallet: Wallet, now: datetime
) -> RenewalDecision | None:
    """None when the wallet is short."""
    facts = LineFacts(
        offer.line_kind,
        offer.carrier_id,
        line.time_zone,
        LineState(line.state),
        line.valid_until,
        line.anchor_at,
        line.anchor_count,
    )
    free = wallet.posted_minor - wallet.pending_minor
    try:
        return decide(facts, offer, policy_values(line.policy_id), "only", free, now)
    except Refused:
        return None


def _left_of(lines: list[Validity], now: datetime) -> dict[UUID, Allowance]:
    """What is left of each line's buckets: two queries for all of them."""
    ids, slots = [line.id for line in lines], sorted({line.slot for line in lines})
    live = list(Extension.objects.filter(slot__in=slots, line_id__in=ids, period_end__gt=now))
    used = BucketUse.objects.filter(slot__in=slots, id__in=[row.id for row in live])
    uses = {use.id: use for use in used}
    left: dict[UUID, Allowance] = dict.fromkeys(ids, NOTHING)
    for row in live:
        granted = Allowance(row.data_bytes, row.voice_seconds, row.sms_count)
        if use := uses.get(row.id):
            granted = granted.less(use.data_bytes, use.voice_seconds, use.sms_count)
        left[row.line_id] = left[row.line_id].plus(granted)
    return left


def _rows(
    line: Validity,
    wallet: Wallet,
    offer: PlanOffer,
    decision: RenewalDecision,
    before: Allowance | None,
    now: datetime,
) -> Iterable[Any]:
    """Order, extension, transfers and event of one renewal."""
    slot, price, period = line.slot, decision.quote, decision.period
    order = Order(
        slot=slot,
        id=new_id(slot),
        account_id=line.account_id,
        line_id=line.id,
        wallet_id=wallet.id,
        kind=OrderKind.RENEWAL,
        state=OrderState.COMPLETED,
        plan_id=offer.plan_id,
        delivery=decision.delivery,
        currency=price.currency,
        subtotal_minor=price.subtotal_minor,
        discount_minor=price.discount_minor,
        tax_minor=price.tax_minor,
        total_minor=price.total_minor,
        wallet_minor=price.total_minor,
        valid_until_before=line.valid_until,
        valid_until_after=period.end_at,
        proof=_proof(offer, before),
        actor="worker",
        channel="sweep",
        seller="house",
        accepted_at=now,
        settled_at=now,
        completed_at=now,
    )
    yield order
    yield Extension(
        slot=slot,
        id=derived_id(order.id, "extension"),
        line_id=line.id,
        order_id=order.id,
        plan_id=offer.plan_id,
        period_start=period.start_at,
        period_end=period.end_at,
        anchor_at=period.anchor_at,
        anchor_count=period.anchor_count,
        granted_at=now,
        data_bytes=offer.allowance.data_bytes,
        voice_seconds=offer.allowance.voice_seconds,
        sms_count=offer.allowance.sms_count,
    )
    sale = postings.Sale(order.id, wallet.id, price.currency, price.total_minor, 0, price.tax_minor)
    for draft in postings.sell(sale, ()):
        yield _transfer(slot, draft, now)
    yield Outbox(
        slot=slot,
        id=derived_id(order.id, "outbox:line.renewed"),
        kind="line.renewed",
        account_id=line.account_id,
        line_id=line.id,
        order_id=order.id,
        occurred_at=now,
        due_at=now,
    )


def _proof(offer: PlanOffer, before: Allowance | None) -> dict[str, Any]:
    proof: dict[str, Any] = {"plan": offer.code, "network": {"outcome": "unchanged"}}
    if before is not None:
        proof["buckets_before"] = before.as_facts()
        proof["buckets_after"] = before.plus(offer.allowance).as_facts()
    return proof


def _transfer(slot: int, draft: postings.TransferDraft, now: datetime) -> Transfer:
    return Transfer(
        slot=slot,
        id=draft.id,
        debit_id=draft.debit_id,
        credit_id=draft.credit_id,
        amount_minor=draft.amount_minor,
        currency=draft.currency,
        code=int(draft.code),
        phase=str(draft.phase),
        hold_id=draft.hold_id,
        order_id=draft.order_id,
        booked_at=now,
    )


def _extend(line: Validity, offer: PlanOffer, decision: RenewalDecision, now: datetime) -> None:
    period = decision.period
    if line.plan_id != offer.plan_id:
        raise RuntimeError("the bench's plans have one version")
    line.valid_until = period.end_at
    line.anchor_at, line.anchor_count = period.anchor_at, period.anchor_count
    _plan(line, clock.first_of(line, LineState(line.state), period.end_at, now))


def _plan_again(line: Validity, now: datetime) -> None:
    assert line.next_action_at is not None
    line.state = LineState(line.state)  # the agenda asks which member it is
    _plan(line, clock.after(cast("clock.Clocked", line), Due(line.next_action_at, Step.RENEW), now))


def _plan(line: Validity, due: Due | None) -> None:
    line.next_step = int(due.step) if due else None
    line.next_action_at = due.at if due else None


def _notice(line: Validity, now: datetime) -> Outbox:
    return Outbox(
        slot=line.slot,
        id=new_id(line.slot),
        kind="line.renewal_failed",
        account_id=line.account_id,
        line_id=line.id,
        occurred_at=now,
        due_at=now,
    )

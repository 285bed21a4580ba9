"""What letters can say, read for many events at once and at the moment of sending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.accounts.models import Account
from keepline.catalog.queries import policy_values, tariff_of
from keepline.catalog.taxes import taxed_tariff, treatment_in
from keepline.core import formats
from keepline.core.lifeline import lifeline_of
from keepline.flows.auto_renewal import auto_renewal
from keepline.flows.receipting.enclosing import TELL_OF_SALES
from keepline.flows.show_receipt import Receipt, receipts_among
from keepline.flows.telling.overtaken import is_overtaken, may_be_overtaken
from keepline.inventory import queries as inventory
from keepline.inventory.models import Number
from keepline.inventory.queries import may_be_had_back
from keepline.ledger import queries as ledger
from keepline.ledger.queries import Balance
from keepline.lines import queries as lines
from keepline.lines.queries import LineRow
from keepline.messages.models import Outbox
from keepline.orders import queries as orders
from keepline.orders.models import Order
from keepline.payments import disputes, methods, refunds
from keepline.payments.methods import MethodFacts
from keepline.payments.models import Dispute, Refund
from keepline.porting import queries as portings
from keepline.porting.models import PortOut

# Such news are of an order, and say of which line: many may stand in one letter.
NAMING = frozenset({"line.renewed"})
# Such news name an order that has ended: what counts is its line.
ABOUT_LINES = frozenset({"number.reclaimed", "line.charge_failed", "line.approval_needed"})


@dataclass(frozen=True, slots=True)
class ChargeNews:
    """What a saved method will be charged at most, for the next renewal. Minor units.

    `at`: when it is tried next, None when it is not. `usable`: it can still be charged;
    `ends_first`: it expires before that.
    """

    name: str
    most_minor: int | None
    currency: str
    at: datetime | None
    usable: bool
    ends_first: bool


@dataclass(frozen=True, slots=True)
class LineNews:
    """What letters say of a line. Instants UTC; `withdrawn_at`: when the number goes; `unlocks_at`:
    when its lock is open.

    `charge`: None when no saved method pays for it.
    """

    label: str
    e164: int | None
    iccid: str | None
    valid_until: datetime | None
    withdrawn_at: datetime | None
    auto_renew: bool
    charge: ChargeNews | None
    unlocks_at: datetime | None = None
    reclaim_until: datetime | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class PortNews:
    """What letters say of a number that may leave. Instants UTC."""

    ready_at: datetime
    valid_until: datetime
    recipient: str
    cut_over_at: datetime | None


@dataclass(frozen=True, slots=True)
class News:
    """All that the letter of one event can speak of. What it does not speak of is None.

    `refund`: the one it tells of, else what goes back by itself. `dispute`: the order's last.
    `receipt`: the order's, for a way that encloses it. `name`: of the line, where that is all that
    is said of it.
    """

    order: Order | None
    refund: Refund | None
    dispute: Dispute | None
    line: LineNews | None
    port: PortNews | None = None
    receipt: Receipt | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that the letters of some events speak of, by id; `disputes` by order.

    `renewed_at`: of lines that were renewed since the first of their events. `resting`: the numbers
    of lines that ended, by line.
    """

    orders: Mapping[UUID, Order]
    refunds: Mapping[UUID, Refund]
    disputes: Mapping[UUID, Dispute]
    lines: Mapping[UUID, LineRow]
    methods: Mapping[UUID, MethodFacts]
    wallets: Mapping[UUID, Balance]
    holders: Mapping[UUID, Account]
    renewed_at: Mapping[UUID, datetime]
    resting: Mapping[UUID, Number]
    ports: Mapping[UUID, PortOut]
    receipts: Mapping[UUID, Receipt]


def rows_of(events: Sequence[Outbox], with_receipts: bool = False) -> Rows:
    """At most eight queries for any number of events, and two for those about lines alone;
    one more where a number may leave or rests, and three where receipts go along."""
    order_ids = {event.order_id for event in events if event.order_id}
    disputed = {event.order_id for event in events if event.order_id and _tells_of_dispute(event)}
    about = {event.line_id for event in events if event.line_id and is_about_line(event)}
    named = {event.line_id for event in events if event.line_id and event.kind in NAMING}
    told_lines = lines.lines_among(about | named)
    charged = [row for row in told_lines.values() if _is_charged(row) and row.id in about]
    passing = [event for event in events if may_be_overtaken(event)]
    told_orders = orders.by_ids(order_ids)
    return Rows(
        orders=told_orders,
        refunds=refunds.among({refund for event in events if (refund := _refund_id(event))}),
        disputes=disputes.last_of_orders(disputed),
        lines=told_lines,
        methods=methods.methods_among({row.method_id for row in charged if row.method_id}),
        wallets=ledger.balances_among({row.wallet_id for row in charged}),
        holders=accounts.accounts_among({row.account_id for row in charged}),
        renewed_at=lines.renewed_since(
            {event.line_id for event in passing if event.line_id},
            min((event.occurred_at for event in passing), default=None),
        ),
        resting=_resting([told_lines[e.line_id] for e in events if is_last_word(e) and e.line_id]),
        ports=portings.last_among({e.line_id for e in events if e.line_id and is_about_port(e)}),
        receipts=receipts_among(
            [told_orders[e.order_id] for e in events if e.order_id and e.kind in TELL_OF_SALES]
            if with_receipts
            else ()
        ),
    )


def _is_charged(row: LineRow) -> bool:
    return bool(row.auto_renew and row.method_id)


def news_of(event: Outbox, rows: Rows, now: datetime) -> News:
    """No query. Raises KeyError for an event of which `rows` were not read."""
    refund_id = _refund_id(event)
    line = rows.lines[event.line_id] if event.line_id and is_about_line(event) else None
    return News(
        order=rows.orders[event.order_id] if event.order_id else None,
        refund=rows.refunds.get(refund_id) if refund_id else None,
        dispute=rows.disputes.get(event.order_id) if event.order_id else None,
        line=_line(line, rows, now) if line else None,
        port=_port(event, rows),
        receipt=rows.receipts.get(event.order_id) if event.order_id else None,
        name=_name(event, rows),
    )


def _name(event: Outbox, rows: Rows) -> str:
    row = rows.lines.get(event.line_id) if event.line_id and event.kind in NAMING else None
    return formats.line_name(row.label, row.e164, row.iccid) if row else ""


def is_untrue(event: Outbox, rows: Rows, now: datetime) -> bool:
    """Whether what the event says was overtaken by what happened since. No query."""
    line = rows.lines.get(event.line_id) if event.line_id else None
    if line is not None and is_last_word(event):
        number = rows.resting.get(line.id)
        return number is None or not may_be_had_back(number, line.account_id, line.id, now)
    return line is not None and is_overtaken(event, line, rows.renewed_at)


def is_last_word(event: Outbox) -> bool:
    """Whether it tells that a number can be had back for some days only."""
    return event.kind == "number.loss_near" and event.order_id is None


def _resting(lines: Sequence[LineRow]) -> dict[UUID, Number]:
    e164s = {line.e164 for line in lines if line.e164}
    by_number = inventory.numbers_among(e164s) if e164s else {}
    return {line.id: by_number[line.e164] for line in lines if line.e164 in by_number}


def is_about_line(event: Outbox) -> bool:
    """Of some news the order is over, and what can be done is done for the line."""
    return event.order_id is None or event.kind in ABOUT_LINES


def is_about_port(event: Outbox) -> bool:
    """Whether it tells of a number that may leave, or went."""
    return event.kind.startswith("port.") or event.kind == "number.ported"


def _port(event: Outbox, rows: Rows) -> PortNews | None:
    if event.line_id is None or not is_about_port(event):
        return None
    row = rows.ports[event.line_id]
    return PortNews(row.ready_at, row.valid_until, row.recipient, row.cut_over_at)


def _refund_id(event: Outbox) -> UUID | None:
    if event.order_id is None or not event.kind.startswith("order."):
        return None
    return event.refund_id or refunds.own_refund_id(event.order_id)


def _tells_of_dispute(event: Outbox) -> bool:
    return event.kind.startswith("order.dispute")


def _line(row: LineRow, rows: Rows, now: datetime) -> LineNews:
    rules = policy_values(row.policy_id)
    lifeline = lifeline_of(
        row.state,
        row.activated_at or row.opened_at,
        row.valid_until,
        rules,
        now,
        since_at=row.since_at,
        has_number=row.e164 is not None,
    )
    return LineNews(
        state=row.state,
        label=row.label,
        e164=row.e164,
        iccid=row.iccid,
        valid_until=row.valid_until,
        withdrawn_at=lifeline.withdrawn_at if lifeline else None,
        auto_renew=row.auto_renew,
        charge=_charge(row, rows, now),
        unlocks_at=row.unlocks_at,
        reclaim_until=rows.resting[row.id].reclaim_until if row.id in rows.resting else None,
    )


def _charge(row: LineRow, rows: Rows, now: datetime) -> ChargeNews | None:
    """For a line that a saved method pays; as the line's page tells it."""
    method = rows.methods.get(row.method_id) if row.auto_renew and row.method_id else None
    if method is None:
        return None
    wallet = rows.wallets[row.wallet_id]
    tariff = tariff_of(row.plan_id, wallet.currency, now)
    if tariff is not None:
        country = rows.holders[row.account_id].country
        tariff = taxed_tariff(tariff, treatment_in(country, now))
    auto = auto_renewal(row, wallet, tariff, policy_values(row.policy_id).agenda, method, now)
    return ChargeNews(
        name=method.label,
        most_minor=auto.price.total_minor if auto.price else None,
        currency=wallet.currency,
        at=auto.next_try_at,
        usable=method.usable,
        ends_first=auto.method_ends_first,
    )

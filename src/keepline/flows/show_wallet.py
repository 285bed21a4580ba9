"""Reads a wallet: what it holds, what moved in it, with the balance after each movement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.core.postings import TransferCode
from keepline.core.ways_to_pay import Way
from keepline.flows.errors import FlowRefused
from keepline.flows.list_currencies import list_currencies
from keepline.flows.list_ways_to_pay import list_ways_to_pay, step_on_offer
from keepline.flows.top_up_wallet import limits_minor
from keepline.ledger import queries as ledger
from keepline.ledger.queries import Balance, Movement
from keepline.ledger.services import wallet_id_of
from keepline.lines import queries as lines
from keepline.orders import queries as orders

PAGE = 25

Cursor = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement, and what it was for: the order's kind and the line's number."""

    movement: Movement
    order_id: UUID | None
    order_kind: str
    e164: int | None

    @property
    def bought_line(self) -> bool:
        """Whether it paid for a new line; the ledger knows one sale from another by the order."""
        return self.order_kind == "purchase" and self.movement.code == TransferCode.RENEWAL


@dataclass(frozen=True, slots=True)
class WalletView:
    """`balance` is that of the currency asked for, zero when no such wallet was opened yet.

    A top-up is a multiple of `top_up_step_minor`.
    """

    balance: Balance
    others: Sequence[Balance]
    entries: Sequence[Entry]
    next_cursor: Cursor | None
    top_up_least_minor: int
    top_up_most_minor: int
    top_up_step_minor: int
    ways: Sequence[Way]


def show_wallet(
    account_id: UUID, now: datetime, currency: str | None = None, before: Cursor | None = None
) -> WalletView:
    """The wallet in `currency` (None: the account's) with movements older than `before`.

    Raises FlowRefused("not_found") for a currency in which the account has none and nothing is
    sold. Six queries, however many movements.
    """
    wallets = ledger.balances_of(account_id)
    if currency is None:
        currency = accounts.account(account_id).currency
    elif currency not in {w.currency for w in wallets} and currency not in list_currencies(now):
        raise FlowRefused("not_found")
    wallet_id = wallet_id_of(account_id, currency)
    empty = Balance(wallet_id, currency, "cash", 0, 0)
    balance = next((w for w in wallets if w.wallet_id == wallet_id), empty)
    movements = ledger.statement(wallet_id, before, PAGE + 1)
    more, movements = len(movements) > PAGE, movements[:PAGE]
    least, most = limits_minor(currency)
    return WalletView(
        balance=balance,
        others=[wallet for wallet in wallets if wallet.wallet_id != wallet_id],
        entries=_entries(account_id, movements),
        next_cursor=(movements[-1].booked_at, movements[-1].id) if more else None,
        top_up_least_minor=least,
        top_up_most_minor=most,
        top_up_step_minor=step_on_offer(currency),
        ways=list_ways_to_pay(account_id, currency)(least),
    )


def _entries(account_id: UUID, movements: Sequence[Movement]) -> Sequence[Entry]:
    found = orders.orders_among(account_id, {m.order_id for m in movements if m.order_id})
    numbers = lines.numbers_of(account_id, [o.line_id for o in found.values() if o.line_id])
    entries = []
    for movement in movements:
        order = found.get(movement.order_id) if movement.order_id else None
        e164 = numbers.get(order.line_id) if order and order.line_id else None
        kind = order.kind if order else ""
        entries.append(Entry(movement, movement.order_id, kind, e164))
    return entries

"""The ledger's words, and the transfers that each step of an order makes.

Every account has one sign: what it was credited less what it was debited. A wallet is owed to
its holder, so it is positive; clearing is what a provider owes the house, so it is negative; all
accounts of one currency sum to zero. docs/ledger.md has the table in prose.

| step                            | debit               | credit             | phase  |
|---------------------------------|---------------------|--------------------|--------|
| opening balance (import)        | opening_equity      | wallet             | single |
| a provider captured             | clearing:PROVIDER   | wallet             | single |
| ... in another currency         | clearing:PROVIDER   | exchange           | single |
| ... for which, in the order's   | exchange            | wallet             | single |
| set aside for an order          | wallet              | deferred_revenue   | hold   |
| the order is fulfilled          | wallet              | deferred_revenue   | post   |
| ... what was not held           | wallet              | deferred_revenue   | single |
| ... its tax                     | deferred_revenue    | tax_payable        | single |
| a fee, for what is done at once | wallet              | revenue            | single |
| ... that was set aside: first   | wallet              | deferred_revenue   | void   |
| the order ends without service  | wallet              | deferred_revenue   | void   |
| a day of the term has passed    | deferred_revenue    | revenue            | single |
| of a sale: what was not earned  | deferred_revenue    | wallet             | single |
| ... what was                    | revenue             | wallet             | single |
| ... its tax                     | tax_payable         | wallet             | single |
| ... what the ended term leaves  | deferred_revenue    | revenue            | single |
| a payer's bank takes it back    | disputed            | clearing:PROVIDER  | single |
| ... what of it is in the wallet | wallet              | disputed           | hold   |
| ... won: it is with us again    | clearing:PROVIDER   | disputed           | single |
| ... won: it is free again       | wallet              | disputed           | void   |
| ... lost, of a sale             | as for a sale above | disputed           | single |
| ... lost, of a top-up           | wallet              | disputed           | post   |
| ... lost, on its way back       | refunds_in_transit  | disputed           | single |
| ... what was spent of it        | dispute_losses      | disputed           | single |
| refund decided                  | wallet              | refunds_in_transit | single |
| ... of another currency         | wallet              | exchange           | single |
| ... as much of that as was paid | exchange            | refunds_in_transit | single |
| the provider gave it back       | refunds_in_transit  | clearing:PROVIDER  | single |
| the provider would not          | refunds_in_transit  | wallet             | single |
| ... it came back there later    | clearing:PROVIDER   | wallet             | single |
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Literal, Protocol
from uuid import UUID

from keepline.core.ids import derived_id, make_id
from keepline.core.money import Money

__all__ = [
    "Balance",
    "HouseCode",
    "Part",
    "Phase",
    "Returned",
    "Sale",
    "TransferCode",
    "TransferDraft",
    "begin_exchanged_refund",
    "begin_refund",
    "capture",
    "capture_exchanged",
    "charge_fee",
    "fold_balances",
    "hold",
    "house_account_id",
    "opening_balance",
    "return_sale",
    "sell",
    "single",
    "undo_sale",
    "void",
]

Part = Literal["wallet", "payment"]
PARTS: tuple[Part, ...] = ("wallet", "payment")


class TransferCode(IntEnum):
    """Why money moved. Codes in MONEY_IN credit a wallet, codes in MONEY_OUT debit one;
    ledger.models indexes by them."""

    CAPTURE = 1
    OPENING_BALANCE = 2
    RENEWAL = 3
    TAX = 4
    REFUND_TO_WALLET = 5
    CORRECTION = 6
    BONUS = 7
    REFUND = 8
    FEE = 9
    RECOGNITION = 10  # between accounts of the house: no wallet moves
    EXCHANGE = 11
    PAYOUT = 12  # between accounts of the house, as RECOGNITION
    DISPUTE = 13  # the same


MONEY_IN = frozenset({1, 2, 5, 6, 7, 11})
MONEY_OUT = frozenset({3, 4, 6, 8, 9})


class Phase(StrEnum):
    """A movement at once, or one in two phases: held, then posted or voided."""

    SINGLE = "single"
    HOLD = "hold"
    POST = "post"
    VOID = "void"


class HouseCode(StrEnum):
    """Accounts of the house."""

    CLEARING = "clearing"
    PROVIDER_RECEIVABLE = "provider_receivable"
    DEFERRED_REVENUE = "deferred_revenue"
    REVENUE = "revenue"
    TAX_PAYABLE = "tax_payable"
    REFUNDS_IN_TRANSIT = "refunds_in_transit"
    DISPUTED = "disputed"
    DISPUTE_LOSSES = "dispute_losses"
    OPENING_EQUITY = "opening_equity"
    INTER_SLOT = "inter_slot"
    CASH_TILL = "cash_till"
    EXCHANGE = "exchange"
    BANK = "bank"
    PAYMENT_FEES = "payment_fees"


@dataclass(frozen=True, slots=True)
class TransferDraft:
    """One row of the ledger to be. `amount_minor` is above zero; `hold_id` names what it ends."""

    id: UUID
    debit_id: UUID
    credit_id: UUID
    amount_minor: int
    currency: str
    code: TransferCode
    phase: Phase
    hold_id: UUID | None
    order_id: UUID | None


@dataclass(frozen=True, slots=True)
class Sale:
    """What the ledger must know of an order. Minor units of `currency`.

    `wallet_minor` was in the wallet before, `payment_minor` comes in at capture; together they
    are the order's total, of which `tax_minor` is tax.
    """

    order_id: UUID
    wallet_id: UUID
    currency: str
    wallet_minor: int
    payment_minor: int
    tax_minor: int

    def amount_of(self, part: Part) -> int:
        """The money of one part."""
        return self.wallet_minor if part == "wallet" else self.payment_minor


@dataclass(frozen=True, slots=True)
class Returned:
    """What of a sale goes back, by where it stands (core.revenue.take_back). Minor units.

    `earned_minor` does not go back: the term has ended, and nothing more is owed for it.
    """

    deferred_minor: int
    revenue_minor: int
    tax_minor: int
    earned_minor: int


@lru_cache(maxsize=4096)
def house_account_id(code: str, currency: str, party: str = "") -> UUID:
    """The id of a house account follows from what it is; slot 0, time 0."""
    digest = hashlib.sha256(f"house:{code}:{currency}:{party}".encode()).digest()
    return make_id(0, 0, int.from_bytes(digest[:8]))


def capture(sale: Sale, provider: str, captured_minor: int) -> list[TransferDraft]:
    """A provider has taken the holder's money: it is the holder's, in the wallet."""
    clearing = house_account_id(HouseCode.CLEARING, sale.currency, provider)
    return single(sale, "capture", clearing, sale.wallet_id, captured_minor, TransferCode.CAPTURE)


def capture_exchanged(sale: Sale, provider: str, paid: Money) -> list[TransferDraft]:
    """A provider has taken `paid` for the part of the price that it was to pay.

    Each currency balances by itself: the house takes the one in, and gives the other out.
    """
    other = replace(sale, currency=paid.currency)
    clearing = house_account_id(HouseCode.CLEARING, paid.currency, provider)
    taken = house_account_id(HouseCode.EXCHANGE, paid.currency)
    given = house_account_id(HouseCode.EXCHANGE, sale.currency)
    return [
        *single(other, "capture", clearing, taken, paid.amount_minor, TransferCode.CAPTURE),
        *single(sale, "exchange", given, sale.wallet_id, sale.payment_minor, TransferCode.EXCHANGE),
    ]


def hold(sale: Sale, part: Part) -> list[TransferDraft]:
    """Sets one part of the order's money aside."""
    return _phase(sale, part, Phase.HOLD, None)


def sell(sale: Sale, held: Sequence[Part]) -> list[TransferDraft]:
    """The order is fulfilled: holds are posted, the rest is sold at once, tax is set apart."""
    deferred = house_account_id(HouseCode.DEFERRED_REVENUE, sale.currency)
    tax = house_account_id(HouseCode.TAX_PAYABLE, sale.currency)
    drafts = [d for part in held for d in _phase(sale, part, Phase.POST, _hold_id(sale, part))]
    rest = sale.wallet_minor + sale.payment_minor - sum(d.amount_minor for d in drafts)
    drafts += single(sale, "sale", sale.wallet_id, deferred, rest, TransferCode.RENEWAL)
    drafts += single(sale, "tax", deferred, tax, sale.tax_minor, TransferCode.TAX)
    return drafts


def charge_fee(sale: Sale, held: Sequence[Part] = ()) -> list[TransferDraft]:
    """A fee from the wallet for what is done now: earned at once, nothing of it is deferred.

    What was set aside for it was set aside as a sale's, so that is ended first.
    """
    revenue = house_account_id(HouseCode.REVENUE, sale.currency)
    return void(sale, held) + single(
        sale, "fee", sale.wallet_id, revenue, sale.wallet_minor, TransferCode.FEE
    )


def void(sale: Sale, held: Sequence[Part]) -> list[TransferDraft]:
    """The order ends without service: what was set aside is free again."""
    return [d for part in held for d in _phase(sale, part, Phase.VOID, _hold_id(sale, part))]


def return_sale(sale: Sale, refund_id: UUID, back: Returned) -> list[TransferDraft]:
    """What of a sale goes back is the holder's again, in the wallet."""
    return undo_sale(sale, refund_id, back, sale.wallet_id, TransferCode.REFUND_TO_WALLET)


def undo_sale(
    sale: Sale, cause_id: UUID, back: Returned, target_id: UUID, code: TransferCode
) -> list[TransferDraft]:
    """What of a sale goes back, out of where it stands and into `target_id`."""
    deferred = house_account_id(HouseCode.DEFERRED_REVENUE, sale.currency)
    revenue = house_account_id(HouseCode.REVENUE, sale.currency)
    tax = house_account_id(HouseCode.TAX_PAYABLE, sale.currency)
    sources = (
        ("deferred", deferred, back.deferred_minor),
        ("revenue", revenue, back.revenue_minor),
        ("tax", tax, back.tax_minor),
    )
    drafts = [
        draft
        for word, source, amount in sources
        for draft in single(sale, f"{word}:{cause_id}", source, target_id, amount, code)
    ]
    earned = f"earned:{cause_id}"
    return drafts + single(
        sale, earned, deferred, revenue, back.earned_minor, TransferCode.RECOGNITION
    )


def begin_refund(sale: Sale, refund_id: UUID, amount_minor: int) -> list[TransferDraft]:
    """The provider's part leaves the wallet and is on its way back."""
    transit = house_account_id(HouseCode.REFUNDS_IN_TRANSIT, sale.currency)
    return single(
        sale, f"refund:{refund_id}", sale.wallet_id, transit, amount_minor, TransferCode.REFUND
    )


def begin_exchanged_refund(
    sale: Sale, refund_id: UUID, amount_minor: int, paid: Money
) -> list[TransferDraft]:
    """A part of the price leaves the wallet, and what was paid for it is on its way back."""
    other = replace(sale, currency=paid.currency)
    given = house_account_id(HouseCode.EXCHANGE, sale.currency)
    taken = house_account_id(HouseCode.EXCHANGE, paid.currency)
    transit = house_account_id(HouseCode.REFUNDS_IN_TRANSIT, paid.currency)
    code = TransferCode.REFUND
    return [
        *single(sale, f"exchange:{refund_id}", sale.wallet_id, given, amount_minor, code),
        *single(other, f"refund:{refund_id}", taken, transit, paid.amount_minor, code),
    ]


def opening_balance(
    cause_id: UUID, wallet_id: UUID, amount_minor: int, currency: str
) -> TransferDraft:
    """What a wallet of an imported base brought along. `cause_id` names the import of it."""
    return TransferDraft(
        id=derived_id(cause_id, "opening_balance"),
        debit_id=house_account_id(HouseCode.OPENING_EQUITY, currency),
        credit_id=wallet_id,
        amount_minor=amount_minor,
        currency=currency,
        code=TransferCode.OPENING_BALANCE,
        phase=Phase.SINGLE,
        hold_id=None,
        order_id=None,
    )


def _hold_id(sale: Sale, part: Part) -> UUID:
    return derived_id(sale.order_id, f"hold:{part}")


def _phase(sale: Sale, part: Part, phase: Phase, hold_id: UUID | None) -> list[TransferDraft]:
    """One step of a hold; none at all when the order has no such part."""
    if sale.amount_of(part) == 0:
        return []
    return [
        TransferDraft(
            id=derived_id(sale.order_id, f"{phase}:{part}"),
            debit_id=sale.wallet_id,
            credit_id=house_account_id(HouseCode.DEFERRED_REVENUE, sale.currency),
            amount_minor=sale.amount_of(part),
            currency=sale.currency,
            code=TransferCode.RENEWAL,
            phase=phase,
            hold_id=hold_id,
            order_id=sale.order_id,
        )
    ]


def single(
    sale: Sale, purpose: str, debit_id: UUID, credit_id: UUID, amount: int, code: TransferCode
) -> list[TransferDraft]:
    """One movement at once; none at all when there is nothing to move."""
    if amount == 0:
        return []
    return [
        TransferDraft(
            id=derived_id(sale.order_id, purpose),
            debit_id=debit_id,
            credit_id=credit_id,
            amount_minor=amount,
            currency=sale.currency,
            code=code,
            phase=Phase.SINGLE,
            hold_id=None,
            order_id=sale.order_id,
        )
    ]


class TransferRow(Protocol):
    """What a fold reads of a transfer, draft or row."""

    @property
    def debit_id(self) -> UUID: ...
    @property
    def credit_id(self) -> UUID: ...
    @property
    def amount_minor(self) -> int: ...
    @property
    def phase(self) -> str: ...


@dataclass(slots=True)
class Balance:
    """Credits less debits that are final, and what is held."""

    posted_minor: int = 0
    pending_minor: int = 0


def fold_balances(transfers: Iterable[TransferRow]) -> dict[UUID, Balance]:
    """The oracle: balances as the sum of all transfers, one currency at a time."""
    balances: dict[UUID, Balance] = defaultdict(Balance)
    for transfer in transfers:
        if transfer.phase in (Phase.SINGLE, Phase.POST):
            balances[transfer.debit_id].posted_minor -= transfer.amount_minor
            balances[transfer.credit_id].posted_minor += transfer.amount_minor
        if transfer.phase == Phase.HOLD:
            balances[transfer.debit_id].pending_minor += transfer.amount_minor
        elif transfer.phase in (Phase.POST, Phase.VOID):
            balances[transfer.debit_id].pending_minor -= transfer.amount_minor
    return dict(balances)

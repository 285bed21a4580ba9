"""Wallets and what moved in them."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from keepline.api.shapes.pages import Page
from keepline.api.shapes.parts import Currency, Instant, Money, Shape, money
from keepline.core.postings import TransferCode
from keepline.flows.show_wallet import Entry
from keepline.ledger.queries import Balance


class Wallet(Shape):
    """What one wallet holds. `free` may be spent; `held` is set aside for orders under way."""

    currency: Currency
    purpose: Literal["cash", "bonus"]
    balance: Money
    held: Money
    free: Money

    @classmethod
    def of(cls, view: Balance) -> "Wallet":
        return cls(
            currency=view.currency,
            purpose=view.purpose,  # type: ignore[arg-type]
            balance=money(view.posted_minor, view.currency),
            held=money(view.pending_minor, view.currency),
            free=money(view.free_minor, view.currency),
        )


class Wallets(Shape):
    """All wallets of the account: one per currency and purpose."""

    items: list[Wallet]


class Movement(Shape):
    """One movement. What came in is positive, what went out negative."""

    id: UUID
    kind: str = Field(
        description="Why it moved.",
        json_schema_extra={"enum": [c.name.lower() for c in TransferCode]},
    )
    amount: Money
    balance_after: Money
    order_id: UUID | None
    booked_at: Instant

    @classmethod
    def of(cls, entry: Entry, currency: str) -> "Movement":
        view = entry.movement
        return cls(
            id=view.id,
            kind=TransferCode(view.code).name.lower(),
            amount=money(view.amount_minor, currency),
            balance_after=money(view.balance_after_minor, currency),
            order_id=view.order_id,
            booked_at=view.booked_at,
        )


class Statement(Page[Movement]):
    """Newest first, and the wallet as it stands now."""

    wallet: Wallet

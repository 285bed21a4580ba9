"""The account, its user, their tokens."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from keepline.api.shapes.parts import Currency, Instant, Shape
from keepline.flows.show_account import AccountView


class Token(Shape):
    """A token just issued. `token` is shown here and never again."""

    id: int
    token: str
    token_type: Literal["Bearer"]
    name: str
    account_id: UUID
    expires_at: Instant | None


class TokenUser(Shape):
    """Who speaks through the token."""

    name: str
    email: str | None
    phone: str | None = Field(description="E.164 with +.")


class Account(Shape):
    """What owns lines and wallets, as its user sees it."""

    id: UUID
    name: str
    currency: Currency
    language: str
    time_zone: str = Field(description="IANA.")
    opened_at: Instant
    role: Literal["see", "receive", "spend", "manage", "owner"]
    user: TokenUser

    @classmethod
    def of(cls, view: AccountView, role: str) -> "Account":
        account, user = view.account, view.user
        return cls(
            id=account.id,
            name=account.name,
            currency=account.currency,
            language=user.language,
            time_zone=user.time_zone,
            opened_at=account.opened_at,
            role=role,  # type: ignore[arg-type]
            user=TokenUser(name=user.name, email=user.email, phone=user.phone),
        )

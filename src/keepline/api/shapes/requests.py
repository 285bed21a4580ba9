"""What callers send."""

from typing import Annotated

from pydantic import Field

from keepline.api.shapes.parts import (
    PRINTABLE,
    Asked,
    AskedId,
    Code,
    Digits,
    Money,
)

Printable = Annotated[str, Field(pattern=PRINTABLE)]


class SignIn(Asked):
    """Exchanges what one signs in with for a token."""

    login: Printable = Field(
        max_length=254, description="E-mail, or mobile number with its country code."
    )
    password: str = Field(min_length=1, max_length=1024)
    code: Printable | None = Field(
        None, max_length=32, description="Of the authenticator, or a recovery code."
    )
    name: Printable = Field(
        "API", max_length=60, description="What the token is for; shown in the portal."
    )
    valid_days: int = Field(90, ge=1, le=365)


class LineChange(Asked):
    """What a holder may change of a line."""

    label: str = Field(
        max_length=60,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="The name the holder knows it by; empty for none.",
        examples=["Mother's old number"],
    )


class AutoRenewChange(Asked):
    """How a line shall renew by itself. What is left out goes back to its default."""

    enabled: bool
    plan_code: Code | None = Field(
        None,
        description="The plan to renew with. Its price of the moment is thereby agreed to. "
        "Left out, plan and agreement stay as they are.",
    )
    lead_days: int | None = Field(
        None,
        ge=0,
        le=365,
        description="Days ahead of expiry of the first try, one of those that the policy has; "
        "as the policy says when left out.",
    )
    expected_total: Money | None = Field(
        None,
        description="What the holder saw of the plan's price. Another price then refuses.",
    )
    payment_method_id: AskedId | None = Field(
        None,
        description="The saved way to pay that is charged what the wallet lacks, which is thereby "
        "agreed to; only the wallet pays when left out.",
    )


class NumberReclaim(Asked):
    """A number to be had back."""

    expected_fee: Money | None = Field(
        None, description="What the holder saw. Another fee then refuses it."
    )


class EsimReissue(Asked):
    """An eSIM that shall go to another phone."""

    eid: Digits | None = Field(
        None, description="The device that it shall be tied to: 32 digits; any when left out."
    )


class TopUp(Asked):
    """Money into a wallet."""

    amount: Money = Field(description="In the currency of the wallet in the address.")
    provider: Code = Field(max_length=24)

"""Parts of requests and answers: money, amounts of service, instants, words."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from keepline.core.allowances import Allowance

MAX_MINOR = 10**12
Instant = Annotated[
    AwareDatetime, Field(description="RFC 3339, UTC.", examples=["2026-04-20T11:00:00Z"])
]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217.", examples=["EUR"])]
Digits = Annotated[str, Field(pattern=r"^[0-9]{18,32}$")]  # of an ICCID or an EID
Code = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,59}$")]
# Without control characters: PostgreSQL stores no NUL, and no name needs a line break.
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"


class Shape(BaseModel):
    """An answer or a part of one. Made of typed values; a field too many is a mistake of ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Asked(BaseModel):
    """A body or a part of one: nothing unknown, and no type guessed from another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("this is text")  # noqa: TRY004 - pydantic knows no TypeError
    return value


AskedInstant = Annotated[
    AwareDatetime,
    Field(strict=False),  # of JSON's types only text can be one
    BeforeValidator(_text),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "maxLength": 40,
            "description": "RFC 3339.",
            "examples": ["2026-04-20T11:00:00Z"],
        }
    ),
]


AskedId = Annotated[
    UUID,
    Field(strict=False),  # of JSON's types only text can be one
    BeforeValidator(_text),
    WithJsonSchema({"type": "string", "format": "uuid", "maxLength": 36}),
]


class Money(Asked):
    """An amount of money in the currency's minor units: 1999 USD is US$19.99, 500 JPY is 500."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount_minor": 1999, "currency": "USD"}]}
    )

    amount_minor: int = Field(ge=-MAX_MINOR, le=MAX_MINOR)
    currency: Currency


class Service(Shape):
    """Amounts of service. null is unlimited, 0 is none."""

    data_bytes: int | None
    voice_seconds: int | None
    sms_count: int | None

    @classmethod
    def of(cls, allowance: Allowance) -> "Service":
        return cls.model_construct(
            data_bytes=allowance.data_bytes,
            voice_seconds=allowance.voice_seconds,
            sms_count=allowance.sms_count,
        )

    @classmethod
    def of_facts(cls, facts: Any) -> "Service | None":
        """Out of an order's proof; None when it has none."""
        return cls(**facts) if facts else None


LineKind = Literal["virtual_number", "travel_sim", "country_esim", "local_data_sim", "keep_alive"]


def money(amount_minor: int, currency: str) -> Money:
    """Of values that are known to be right: an answer has dozens of them."""
    return Money.model_construct(amount_minor=amount_minor, currency=currency)

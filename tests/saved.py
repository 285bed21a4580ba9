"""Saved methods for tests: kept by the provider in memory, chosen for a line."""

from datetime import date
from typing import Any
from uuid import UUID

from keepline.flows import save_method
from keepline.flows.limits import NOBODY
from keepline.flows.save_method import SavingRequest
from keepline.gateways.payments.port import StoredMethod
from keepline.lines.models import Line
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider

VISA = "Test card 4242"


def saving(cast: Cast, **changes: Any) -> SavingRequest:
    values: dict[str, Any] = {
        "account_id": cast.account.id,
        "provider": "sandbox",
        "currency": "USD",
        "actor": "user:1",
        "language": "en",
        "caller": NOBODY,
    }
    return SavingRequest(**(values | changes))


def kept(number: str = "pm_1", expires_on: date | None = None) -> StoredMethod:
    return StoredMethod("cus_1", number, "sandbox", VISA, expires_on)


def saved(cast: Cast, provider: FakeProvider, expires_on: date | None = None) -> UUID:
    """A method of the account that may be charged."""
    asked = saving(cast, provider=provider.name, currency=cast.account.currency)
    method_id, _address = save_method.start(asked, NOW)
    provider.store(method_id, kept(f"pm_{method_id.hex[-8:]}", expires_on))
    assert save_method.settle(method_id, cast.account.id, NOW) == "stored"
    return method_id


def charged_for(cast: Cast, method_id: UUID) -> None:
    """The line is paid by the method when its wallet is short."""
    Line.objects.filter(slot=cast.account.slot, id=cast.line.id).update(method_id=method_id)

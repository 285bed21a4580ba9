"""list_ways_to_pay: where the holder is at home, and what the operator allows."""

from collections.abc import Iterator

import pytest

from keepline.accounts.models import Account
from keepline.accounts.queries import country_of
from keepline.flows import renew_line, top_up_wallet
from keepline.flows.errors import FlowRefused
from keepline.flows.list_ways_to_pay import can_take, list_ways_to_pay
from keepline.gateways import switchboard
from keepline.orders.models import Order
from tests.cast import NOW, assemble
from tests.flows.acts import request, wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def nothing_allowed() -> Iterator[None]:
    switchboard.allow_methods(frozenset())
    yield
    switchboard.allow_methods(None)


@pytest.mark.parametrize(
    ("phone", "zone", "country"),
    [
        ("+442079460018", "Asia/Shanghai", "GB"),
        ("", "Asia/Shanghai", "CN"),
        ("", "Europe/Kyiv", "UA"),
        ("", "UTC", None),
        ("+88216123456", "Europe/Berlin", "DE"),  # a number of no country
    ],
)
def test_a_number_tells_more_than_a_clock(phone: str, zone: str, country: str | None) -> None:
    cast = assemble()
    Account.objects.filter(id=cast.account.id).update(contact_phone=phone, time_zone=zone)
    assert country_of(cast.account.id) == country


def test_the_sandbox_takes_everything() -> None:
    cast = assemble()
    (way,) = list_ways_to_pay(cast.account.id, "USD")(300)
    assert (way.provider, way.methods) == ("sandbox", ("sandbox",))
    assert not can_take("nobody", cast.account.id, "USD", 300)


@pytest.mark.usefixtures("nothing_allowed")
def test_what_is_not_offered_is_refused_before_anything_is_written() -> None:
    cast = assemble(wallet_minor=100)
    with pytest.raises(FlowRefused, match="provider_unknown"):
        renew_line.start(request(cast, provider="sandbox"), NOW)
    topped = top_up_wallet.TopUpRequest(
        cast.account.id, 500, "USD", "sandbox", "key-0001", "user:1", "portal"
    )
    with pytest.raises(FlowRefused, match="provider_unknown"):
        top_up_wallet.start(topped, NOW)
    assert not Order.objects.exclude(kind="opening").exists()
    assert wallet(cast) == (100, 0)

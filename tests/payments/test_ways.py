"""The table of ways to pay says of amounts what the adapters can write down, in every currency."""

from collections.abc import Callable

import pytest
from babel.core import get_global

from keepline.core.ways_to_pay import Method
from keepline.gateways.payments.alipay.amounts import yuan
from keepline.gateways.payments.paypal.amounts import text_of
from keepline.gateways.payments.port import ProviderRefused
from keepline.gateways.payments.stripe.amounts import to_stripe
from keepline.payments.ways import step_of, table

# The sandbox has no rule of its own: it counts as Keepline does.
WRITING: dict[str, Callable[[int, str], object]] = {
    "stripe": to_stripe,
    "paypal": text_of,
    "alipay": lambda amount_minor, _currency: yuan(amount_minor),
}
AMOUNTS = [1, 5, 10, 15, 50, 99, 100, 105, 110, 200, 1000, 1005, 1235, 12_340, 12_345, 1_000_000]


def can_write(method: Method, amount_minor: int, currency: str) -> bool:
    try:
        WRITING[method.provider](amount_minor, currency)
    except ProviderRefused:
        return False
    return True


@pytest.mark.parametrize(
    "method", [each for each in table() if each.provider != "sandbox"], ids=lambda each: each.code
)
def test_the_step_of_each_currency_is_the_adapters(method: Method) -> None:
    taken = [code for code in sorted(get_global("all_currencies")) if method.takes(code)]
    assert taken
    for currency in taken:
        step = method.step_minor.get(currency, 1)
        for amount_minor in AMOUNTS:
            fits = amount_minor % step == 0
            assert can_write(method, amount_minor, currency) == fits, (currency, amount_minor)


def test_the_step_of_some_providers() -> None:
    assert step_of("KWD", ["stripe", "paypal"]) == 10
    assert step_of("HUF", ["stripe", "paypal"]) == 100
    assert step_of("HUF", ["stripe", "paypal"], {"stripe:card"}) == 1
    assert step_of("EUR", ["stripe", "paypal", "alipay", "sandbox"]) == 1
    assert step_of("KWD", ["nobody"]) == 1

"""docs/ways-to-pay.md: the table of methods, by provider, currency and country."""

from collections.abc import Mapping

from keepline.core.ways_to_pay import Method
from keepline.payments.ways import table

HEAD = """# Ways to pay

Which methods a holder is offered follows from this table
(`src/keepline/payments/ways_to_pay.toml`), from where they are at home (their number's country,
else their time zone's), from the currency and the amount of the payment, from the providers that
are connected, and from `KEEPLINE_WAYS_TO_PAY`, which names methods by their code. The provider's
own page has the last word about what it shows. What is not offered is refused before anything is
written (`provider_unknown`). This page is made by `keepline docs ways`.

An amount below the least, or between two steps, is not offered to that method. The wallet pays less
than it could where that brings what is left to pay onto the step of all the methods on offer; an
amount in another currency is rounded up to it ([currencies.md](currencies.md)); of a refund, what
lies between two steps goes into the wallet ([refunds.md](refunds.md)).

| code | currencies | countries | least amount, minor units | step, minor units | can be saved |
|---|---|---|---|---|---|
"""


def page() -> str:
    """One row a method."""
    return HEAD + "".join(_row(method) for method in table())


def _row(method: Method) -> str:
    saved = "yes" if method.storable else "no"
    amounts = (_amounts(method.least_minor), _amounts(method.step_minor))
    cells = (_list(method.currencies), _list(method.countries), *amounts, saved)
    return f"| `{method.code}` | {' | '.join(cells)} |\n"


def _amounts(by_currency: Mapping[str, int]) -> str:
    return ", ".join(f"{code} {minor}" for code, minor in sorted(by_currency.items())) or "1"


def _list(codes: frozenset[str] | None) -> str:
    return "any" if codes is None else ", ".join(sorted(codes))

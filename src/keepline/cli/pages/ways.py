"""docs/ways-to-pay.md: the table of methods, by provider, currency and country."""

from keepline.core.ways_to_pay import Method
from keepline.payments.ways import table

HEAD = """# Ways to pay

Which methods a holder is offered follows from this table
(`src/keepline/payments/ways_to_pay.toml`), from where they are at home (their number's country,
else their time zone's), from the currency and the amount of the payment, from the providers that
are connected, and from `KEEPLINE_WAYS_TO_PAY`, which names methods by their code. The provider's
own page has the last word about what it shows. What is not offered is refused before anything is
written (`provider_unknown`). This page is made by `keepline docs ways`.

| code | currencies | countries | least amount, minor units | can be saved |
|---|---|---|---|---|
"""


def page() -> str:
    """One row a method."""
    return HEAD + "".join(_row(method) for method in table())


def _row(method: Method) -> str:
    least = ", ".join(f"{code} {minor}" for code, minor in sorted(method.least_minor.items()))
    saved = "yes" if method.storable else "no"
    cells = (_list(method.currencies), _list(method.countries), least or "1", saved)
    return f"| `{method.code}` | {' | '.join(cells)} |\n"


def _list(codes: frozenset[str] | None) -> str:
    return "any" if codes is None else ", ".join(sorted(codes))

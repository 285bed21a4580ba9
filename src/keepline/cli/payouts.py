"""`keepline payouts`: books what a provider settled and paid out, from its list."""

import csv
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from keepline.core.payouts import Payout

COLUMNS = ("reference", "currency", "amount", "fee", "settled_on", "paid_on")


@click.command("payouts")
@click.argument("provider")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(provider: str, path: Path) -> None:
    """Book the payouts of PROVIDER that stand in a CSV file.

    Its columns: reference (the provider's own), currency, amount (what reaches your bank), fee,
    settled_on, paid_on (empty while it is on its way); amounts as 1234.50, days as 2026-03-10. The
    same payouts again change nothing; all are booked or, if one is wrong, none.
    """
    from keepline.cli.boot import start_django
    from keepline.config.errors import OperatorError

    start_django()
    from django.utils import timezone

    from keepline.core.formats import money
    from keepline.flows.book_payouts import PayoutsRefused, book_payouts
    from keepline.gateways import switchboard

    if provider not in switchboard.providers():
        known = ", ".join(switchboard.providers()) or "none"
        raise OperatorError(f"There is no provider {provider}. Connected are: {known}.")
    try:
        booked = book_payouts(provider, _read(provider, path), "operator", timezone.now())
    except (PayoutsRefused, ValueError) as refused:
        raise OperatorError(f"{refused}. Nothing was booked.") from None
    click.echo(f"{booked.new} new movements.")
    for (code, currency), minor in booked.standing.items():
        click.echo(f"  {code:<20} {money(minor, currency, 'en'):>20}")


def _read(provider: str, path: Path) -> "list[Payout]":
    """Raises ValueError with the line that cannot be read, or a reference that is there twice."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise ValueError(f"The first line must be {','.join(COLUMNS)}")
        found = [_payout(provider, row, rows.line_num) for row in rows]
    if len({payout.reference for payout in found}) < len(found):
        raise ValueError("A reference stands there twice")
    return found


def _payout(provider: str, row: dict[str, str], line: int) -> "Payout":
    from keepline.core.money import parse_decimal
    from keepline.core.payouts import Payout

    try:
        if None in row or None in row.values():
            raise ValueError(f"it has not {len(COLUMNS)} columns")
        if not row["reference"].strip():
            raise ValueError("no reference")
        return Payout(
            provider=provider,
            reference=row["reference"].strip(),
            currency=row["currency"],
            amount_minor=parse_decimal(row["amount"], row["currency"], ".").amount_minor,
            fee_minor=parse_decimal(row["fee"], row["currency"], ".").amount_minor,
            settled_on=date.fromisoformat(row["settled_on"]),
            paid_on=date.fromisoformat(row["paid_on"]) if row["paid_on"] else None,
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"Line {line} cannot be read: {error}") from None

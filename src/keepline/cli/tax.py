"""`keepline tax`: what tax was taken, to be declared; and where the holders of a base are."""

import csv
import sys
from datetime import datetime
from decimal import Decimal

import click

MONTH = click.DateTime(["%Y-%m"])
HEADER = "month,country,rate_percent,currency,orders,net,tax,net_returned,tax_returned"


@click.group("tax")
def command() -> None:
    """Taxes: what was taken, by country and rate; and the countries of holders."""
    from keepline.cli.boot import start_django

    start_django()


@command.command("report")
@click.option("--from", "first", type=MONTH, help="First month, 2026-03.  [default: last month]")
@click.option("--to", "last", type=MONTH, help="Last month, itself included.  [default: --from]")
def report(first: datetime | None, last: datetime | None) -> None:
    """Print, as CSV, the tax of sales by month (UTC), country, rate and currency.

    Amounts are in whole units with the currency's own decimals. An empty country is the tax that
    plans name themselves. What went back of sales stands in the month in which it went back.
    """
    from datetime import timedelta

    from django.utils import timezone

    from keepline.config.errors import OperatorError
    from keepline.core.money import Money, to_decimal
    from keepline.flows.errors import FlowRefused
    from keepline.flows.show_taxes import show_taxes

    first = first or timezone.now().replace(day=1) - timedelta(days=1)
    try:
        sums = show_taxes(first.date(), (last or first).date())
    except FlowRefused as refused:
        raise OperatorError(refused.title) from None
    click.echo(HEADER)
    out = csv.writer(sys.stdout, lineterminator="\n")
    for row in sums:
        *labels, rate_ppm, currency, orders = row[:5]
        said = [f"{to_decimal(Money(minor, currency)):f}" for minor in row[5:]]
        rate = f"{Decimal(rate_ppm).scaleb(-4).normalize():f}"
        out.writerow([*labels, rate, currency, orders, *said])


@command.command("countries")
def countries() -> None:
    """Give accounts of unknown country the one of their contact's number.

    For a base that was taken over before taxes followed its holders. What a holder said stays.
    """
    from django.utils import timezone

    from keepline.flows.fill_countries import fill_countries

    filled = fill_countries("operator", timezone.now())
    for country, accounts in sorted(filled.items()):
        click.echo(f"{country}  {accounts}")
    click.echo(f"{filled.total()} accounts have a country now.")

"""`keepline reconcile`: our books beside a provider's, with a table of what they disagree about."""

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from keepline.flows.reconciling.record import Reconciliation

DAY = click.DateTime(["%Y-%m-%d"])
KINDS = {
    "not_booked": "captured there, not booked here; it was asked for and could not be booked",
    "unknown_here": "captured there for a payment that we never made",
    "not_captured_there": "booked here, and they do not have the money",
    "amount_differs": "both have it, in another amount or currency",
    "refund_not_booked": "they gave back more than we know of",
    "refund_missing": "given back by our books, not by theirs",
}


@click.command("reconcile")
@click.argument("provider")
@click.option("--from", "from_on", type=DAY, help="First day, UTC.  [default: yesterday]")
@click.option("--to", "to_on", type=DAY, help="Last day, UTC, itself included.  [default: today]")
def command(provider: str, from_on: datetime | None, to_on: datetime | None) -> None:
    """Compare the books with those of PROVIDER (sandbox, stripe, paypal, alipay).

    What the provider captured or gave back and we have not booked yet is asked for and booked.
    Everything else is named and left for a person; then the exit code is 1. Run it again at any
    time: it changes nothing that is right. Workers do it every night for the last three days.
    """
    from keepline.cli.boot import start_django
    from keepline.config.errors import OperatorError

    start_django()
    from django.utils import timezone

    from keepline.cli.progress import progress_bar
    from keepline.flows.errors import FlowRefused
    from keepline.flows.reconcile import reconcile
    from keepline.gateways import switchboard
    from keepline.gateways.payments.port import ProviderUnknown

    now = timezone.now()
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    from_at = from_on.replace(tzinfo=UTC) if from_on else today - timedelta(days=1)
    until_at = (to_on.replace(tzinfo=UTC) if to_on else today) + timedelta(days=1)
    bar = progress_bar()
    try:
        with bar:
            task = bar.add_task("Settling", total=None)

            def settled(done: int, of: int) -> None:
                bar.update(task, completed=done, total=of)

            result = reconcile(provider, from_at, until_at, "operator", now, settled)
    except FlowRefused as refused:
        known = ", ".join(switchboard.providers()) or "none"
        more = f" Connected are: {known}." if refused.code == "provider_unknown" else ""
        raise OperatorError(refused.refusal.title + more) from None
    except ProviderUnknown as silent:
        raise OperatorError(f"{provider} gave no answer ({silent}); try again later.") from None
    _say(result)
    sys.exit(1 if result.left else 0)


def _say(result: "Reconciliation") -> None:
    from rich.console import Console
    from rich.table import Table

    from keepline.core.formats import money

    table = Table("currency", "our books", f"{result.provider}'s books", "difference", box=None)
    for currency, both in result.totals.items():
        apart = both.theirs_minor - both.ours_minor
        row = (both.ours_minor, both.theirs_minor, apart)
        table.add_row(currency, *(money(minor, currency, "en") for minor in row))
    if result.totals:
        Console(width=100).print(table)
    click.echo(
        f"{result.compared} payments compared, {len(result.settled)} settled, "
        f"{len(result.left)} left for a person."
    )
    for one in result.left:
        ours = money(one.ours_minor, one.currency, "en")
        theirs = money(one.theirs_minor, one.theirs_currency or one.currency, "en")
        click.echo(
            f"  {one.kind}: payment {one.payment_id}, order {one.order_id or 'none'}, "
            f"ours {ours}, theirs {theirs}: {KINDS[one.kind]}"
        )

"""`keepline reconcile-network`: our lines beside what the network holds of them."""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from keepline.flows.reconcile_network import Difference, NetworkReconciliation

KINDS = {
    "missing": "should be there, and are not",
    "not_wanted": "are there, and should not be",
    "other_number": "are there under another number",
    "other_service": "have another service than the books say",
}
SILENT = 3  # exit code; 2 is a wrong command line's
COLUMNS = (
    *("line", "account", "difference", "msisdn", "iccid", "imsi"),
    *("books", "network", "network_msisdn", "marked"),
)


@click.command("reconcile-network")
@click.option("--repair", is_flag=True, help="Let the network follow the books where it differs.")
@click.option(
    "--policy",
    type=click.Choice(["all", "give", "take"]),
    default="all",
    show_default=True,
    help="What --repair may do: everything; only give service; only take it away.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV: where each line that differs is listed.",
)
def command(repair: bool, policy: str, report: Path | None) -> None:
    """Compare every line with what the network holds of it.

    Number and service are compared, in sets. Without --repair nothing is changed. With it, the
    lines that differ are marked, and workers bring the network to what the books say then. Lines
    with an order under way are left alone. Exit code 1 when differences are left, 3 when a
    carrier's own element gave no answer and its lines were not compared. docs/network.md says more.
    """
    from keepline.cli.boot import start_django
    from keepline.config.errors import OperatorError

    start_django()
    from django.utils import timezone
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    from keepline.cli.progress import progress_bar
    from keepline.core.network_drift import Policy
    from keepline.flows.errors import FlowRefused
    from keepline.flows.reconcile_network import reconcile_network
    from keepline.gateways.network.port import NetworkUnknown

    wanted = Policy(policy) if repair else None
    bar = progress_bar(MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with _listed_in(report) as tell, bar:
            task = bar.add_task("Comparing", total=None)

            def compared(done: int, of: int) -> None:
                bar.update(task, completed=done, total=of)

            result = reconcile_network("operator", timezone.now(), wanted, tell, compared)
    except FlowRefused as refused:
        raise OperatorError(refused.refusal.title) from None
    except NetworkUnknown as silent:
        raise OperatorError(f"The network gave no answer ({silent}); try again later.") from None
    _say(result, report)
    sys.exit(SILENT if result.unread else 1 if result.left else 0)


@contextmanager
def _listed_in(report: Path | None) -> Iterator[Callable[[Sequence["Difference"]], None]]:
    if report is None:
        yield lambda _: None
        return
    with report.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        yield lambda found: writer.writerows(_row(each) for each in found)


def _row(each: "Difference") -> Sequence[object]:
    who, held = each.subscriber, each.held
    books = each.wanted.state if each.wanted else "nothing"
    network = held.service.state if held else "nothing"
    number = held.msisdn if held else None
    names = (each.line_id, each.account_id, each.drift, who.msisdn, who.iccid, who.imsi)
    return (*names, books, network, number, "yes" if each.marked else "no")


def _say(result: "NetworkReconciliation", report: Path | None) -> None:
    click.echo(
        f"{result.compared} lines compared; {result.left_alone} left alone: they are on their way, "
        "or have neither number nor card."
    )
    for carrier, count in sorted(result.unread.items()):
        whose = f"carrier {carrier}" if carrier else "lines without a carrier"
        click.echo(f"NOT COMPARED: {count} lines; the element of {whose} gives no answer.")
    for drift, count in sorted(result.differences.items()):
        click.echo(f"  {drift}: {count} {KINDS[drift]}")
    if not result.differences:
        click.echo("Network and books agree." if not result.unread else "The others agree.")
        return
    click.echo(f"{result.marked} are brought into line by the workers, {result.left} are left.")
    if report is not None:
        click.echo(f"{report} lists each.")

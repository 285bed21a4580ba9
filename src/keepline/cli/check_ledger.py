"""`keepline check-ledger`: is every minor unit where the transfers say it is?"""

import click

from keepline.cli.boot import start_django


@click.command("check-ledger")
def command() -> None:
    """Prove the balances from the transfers; exit 1 and name the rows on any difference."""
    start_django()
    from keepline.cli.audited import report
    from keepline.flows.audit_books import MONEY, invariants, sizes, sums

    counts = sizes()
    named = ("transfers", "wallets", "house_accounts", "payments")
    click.echo("Checked: " + ", ".join(f"{counts[n]} {n.replace('_', ' ')}" for n in named) + ".")
    for currency, wallets_minor, held_minor in sums():
        click.echo(
            f"{currency}: {wallets_minor} in wallets, of it {held_minor} set aside (minor units)"
        )
    if not report([one for one in invariants() if one.number in MONEY]):
        raise SystemExit(1)

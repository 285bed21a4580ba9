"""`keepline`: one command a file, imported only when it is called."""

import sys
from importlib import import_module

import click

# name -> (module whose `command` is run, its line in the help)
COMMANDS = {
    "demo": ("keepline.cli.demo", "Start everything on this machine with a demo base."),
    "serve": ("keepline.cli.serve", "Serve the portal and the API."),
    "live": ("keepline.cli.live", "Tell open pages of news, beside `keepline serve`."),
    "worker": ("keepline.cli.worker", "Do the work that is due: payments, deliveries, messages."),
    "sandbox-provider": (
        "keepline.cli.sandbox_provider",
        "Run the sandbox payment provider (never in production).",
    ),
    "fake-smdp": (
        "keepline.cli.fake_smdp",
        "Run the fake SM-DP+ for eSIM profiles (never in production).",
    ),
    "fake-clearing-house": (
        "keepline.cli.fake_clearing_house",
        "Run the fake clearing house for ported numbers (never in production).",
    ),
    "fake-identity": (
        "keepline.cli.fake_identity",
        "Run the fake identity provider (never in production).",
    ),
    "migrate": ("keepline.cli.migrate", "Bring the database's tables up to date."),
    "load-demo": ("keepline.cli.load_demo", "Load the demo base into an empty database."),
    "load-preset": ("keepline.cli.load_preset", "Load ready-made catalogues."),
    "import-base": (
        "keepline.cli.import_base",
        "Take over accounts, numbers, lines and balances from a CSV file.",
    ),
    "load-pools": ("keepline.cli.load_pools", "Load the pools that stock is sold from."),
    "import-stock": (
        "keepline.cli.import_stock",
        "Take numbers, cards or eSIM profiles into stock from a CSV file.",
    ),
    "reseal": (
        "keepline.cli.reseal",
        "Store all that is sealed anew under the first keys, after they were changed.",
    ),
    "take-bounce": (
        "keepline.cli.take_bounce",
        "Take a mail that came back; for a mail server's pipe.",
    ),
    "push-key": (
        "keepline.cli.push_key",
        "Make the key by which push services know this installation.",
    ),
    "go-live": ("keepline.cli.go_live", "Wake the imported lines; shows first who is affected."),
    "sweep": (
        "keepline.cli.sweep",
        "Do what is due of lines now: renew, remind, expire, withdraw.",
    ),
    "clock": (
        "keepline.cli.clock",
        "Test clocks: accounts whose time moves by command (never in production).",
    ),
    "simulate": (
        "keepline.cli.simulate",
        "Show what would become of the base, under today's or a proposed policy.",
    ),
    "reconcile": (
        "keepline.cli.reconcile",
        "Compare the books with a payment provider's; exit 1 when they differ.",
    ),
    "reconcile-network": (
        "keepline.cli.reconcile_network",
        "Compare every line with what the network holds; --repair brings it into line.",
    ),
    "payouts": (
        "keepline.cli.payouts",
        "Book what a payment provider settled and paid out, from its list.",
    ),
    "tax": (
        "keepline.cli.tax",
        "Tax that was taken, by country and rate; and the countries of holders.",
    ),
    "db": ("keepline.cli.db", "Start, stop and look into the embedded PostgreSQL."),
    "check-ledger": (
        "keepline.cli.check_ledger",
        "Prove every balance from the transfers; exit 1 on any difference.",
    ),
    "audit": (
        "keepline.cli.audit",
        "Ask every invariant of money and service; exit 1 when one is broken.",
    ),
    "line-cap": ("keepline.cli.line_cap", "Say how many lines one account may have."),
    "staff": ("keepline.cli.staff", "Say who may open the back office."),
    "doctor": ("keepline.cli.doctor", "Check this installation and say what to mend."),
    "docs": ("keepline.cli.docs", "Write the pages of docs/ that are made from the code."),
}


class LazyGroup(click.Group):
    """Imports a command when it is asked for by name; `--help` reads the table above only."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keepline")
def keepline() -> None:
    """Keepline keeps prepaid lines alive.

    Settings are KEEPLINE_* variables; docs/settings.md lists them.
    """


def main() -> None:
    """Run a command; what the operator can mend is one sentence, not a traceback."""
    if sys.version_info < (3, 11):  # noqa: UP036  (a copy of the files may meet any Python)
        sys.exit("Keepline needs Python 3.11 or later.")
    from keepline.cli.failures import sentence
    from keepline.config.errors import OperatorError

    try:
        keepline()
    except OperatorError as error:
        sys.exit(f"keepline: {error}")
    except Exception as error:
        known = sentence(error)
        if known is None:
            raise
        sys.exit(f"keepline: {known}")


if __name__ == "__main__":
    main()

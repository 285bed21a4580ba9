"""`keepline take-bounce`: a mail server's pipe for what comes back."""

import sys

import click

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and tries again


@click.command("take-bounce")
@click.option(
    "--to", default="", help="The address that the mail came to, where its headers do not say."
)
def command(to: str) -> None:
    """Take a mail that came back, from standard input, as mail servers pipe it.

    What tells of no failure, or of no letter of ours, is passed over. Ends with 75 when the mail is
    to be piped again: nothing is lost while the database is away.
    """
    from keepline.gateways.messaging.bounces import LIMIT_BYTES, read_bounce

    bounce = read_bounce(sys.stdin.buffer.read(LIMIT_BYTES), to)
    if bounce is None:
        return
    try:
        from keepline.cli.boot import start_django

        start_django()
        from django.utils import timezone

        from keepline.flows import take_bounce

        take_bounce.take(bounce, timezone.now())
    except Exception as error:  # noqa: BLE001
        # What a command says, mail servers write into mails: no address, no text.
        click.echo(f"Not now: {type(error).__name__}", err=True)
        sys.exit(TRY_AGAIN)

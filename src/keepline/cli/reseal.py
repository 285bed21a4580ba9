"""`keepline reseal`: all that is sealed is stored anew under the first keys."""

import click


@click.command("reseal")
def command() -> None:
    """Store all that is sealed anew: codes of SIMs and numbers, received messages, secrets of
    webhook endpoints, addresses of browsers, second factors.

    Each under the first of its keys (KEEPLINE_STOCK_KEYS, KEEPLINE_MESSAGE_KEYS, and
    KEEPLINE_SECRET_KEY for all else), while others write. Then the keys behind it can go. Stopped
    in the middle, the same command does the rest.
    """
    from keepline.cli.boot import start_django
    from keepline.config.errors import OperatorError

    start_django()
    from django.utils import timezone

    from keepline.flows.reseal import reseal

    found = reseal("cli", timezone.now())
    for name, rows in found.rows.items():
        click.echo(f"{name}: {rows} stored anew")
    left = [f"{rows} {name}" for name, rows in found.broken.items() if rows]
    if left:
        raise OperatorError(
            f"No key opens {', '.join(left)}; they were left as they are. Add the key that they "
            "are under behind the others, to KEEPLINE_STOCK_KEYS, KEEPLINE_MESSAGE_KEYS or "
            "KEEPLINE_SECRET_KEY_FALLBACKS, and do it again."
        )
    click.echo("All of it is under the first keys.")

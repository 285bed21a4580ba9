"""`keepline reseal-stock`: codes of SIMs are stored anew under the first key."""

import click


@click.command("reseal-stock")
def command() -> None:
    """Store PINs and other codes anew under the first of KEEPLINE_STOCK_KEYS.

    Then the keys behind it can go. Stopped in the middle, the same command does the rest.
    """
    from keepline.cli.boot import start_django
    from keepline.config.errors import OperatorError

    start_django()
    from django.utils import timezone

    from keepline.flows.reseal_stock import reseal_stock
    from keepline.inventory.sealing import SealBroken

    try:
        rows = reseal_stock("cli", timezone.now())
    except SealBroken as broken:
        raise OperatorError(
            "Codes are stored under a key that is not among KEEPLINE_STOCK_KEYS, nor the secret "
            "key; add it behind the others."
        ) from broken
    click.echo(f"{rows} cards and profiles have their codes stored under the first key.")

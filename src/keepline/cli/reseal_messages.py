"""`keepline reseal-messages`: received messages are stored anew under the first key."""

import click


@click.command("reseal-messages")
def command() -> None:
    """Store received messages anew under the first of KEEPLINE_MESSAGE_KEYS; others may arrive.

    Then the keys behind it can go. Stopped in the middle, the same command does the rest.
    """
    from keepline.cli.boot import start_django
    from keepline.config.errors import OperatorError

    start_django()
    from django.utils import timezone

    from keepline.flows.reseal_messages import reseal_messages
    from keepline.messages.sealing import SealBroken

    try:
        rows = reseal_messages("cli", timezone.now())
    except SealBroken as broken:
        raise OperatorError(
            "Messages are stored under a key that is not among KEEPLINE_MESSAGE_KEYS, nor the "
            "secret key; add it behind the others."
        ) from broken
    click.echo(f"{rows} messages were stored anew; all are under the first key.")

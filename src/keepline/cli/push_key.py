"""`keepline push-key`: a key pair by which push services know this installation."""

import click


@click.command("push-key")
def command() -> None:
    """Make a private key for KEEPLINE_PUSH_KEY. It is printed and kept nowhere.

    Whoever has it may send to the browsers that subscribe with it.
    """
    from keepline.gateways.messaging.push_keys import new_private_key

    click.echo(new_private_key())

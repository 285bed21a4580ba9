"""`keepline fake-identity`: whoever sits before its page says how a check ends."""

import os

import click

from keepline.cli.serve import require_free_port
from keepline.config.environment import Environment
from keepline.config.errors import OperatorError


@click.command("fake-identity")
def command() -> None:
    """Run the fake identity provider on KEEPLINE_IDENTITY_PORT, as the demo does."""
    env = Environment.read(os.environ)
    from keepline.gateways.payments.sandbox.mode import refuse_in_production

    refuse_in_production(os.environ)
    require_free_port("127.0.0.1", env.identity_port, "KEEPLINE_IDENTITY_PORT")
    if not env.identity_url:
        raise OperatorError(
            "KEEPLINE_IDENTITY_URL, KEEPLINE_IDENTITY_KEY and KEEPLINE_IDENTITY_SECRETS must be "
            "set: the fake takes that key, and signs with that secret."
        )
    from keepline.cli.demo_identity import FOLDER
    from keepline.gateways.identity.bridge.fake.serve import serve

    callback_url = f"http://localhost:{env.port}/webhooks/identity/"
    key, signing = env.identity_key, env.identity_secrets[0]
    serve(env.identity_port, env.data / FOLDER, key, signing, callback_url)

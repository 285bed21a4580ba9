"""`keepline fake-clearing-house`: numbers come from and go to an operator that there is not."""

import os

import click

from keepline.cli.serve import require_free_port
from keepline.config.environment import Environment


@click.command("fake-clearing-house")
def command() -> None:
    """Run the fake clearing house on KEEPLINE_PORTING_PORT, as the demo does."""
    env = Environment.read(os.environ)
    from keepline.gateways.payments.sandbox.mode import refuse_in_production

    refuse_in_production(os.environ)
    require_free_port("127.0.0.1", env.porting_port, "KEEPLINE_PORTING_PORT")
    from keepline.cli.demo_porting import FOLDER, OPERATOR
    from keepline.gateways.porting.bridge.fake.app import Listener
    from keepline.gateways.porting.bridge.fake.serve import serve

    url = f"http://localhost:{env.port}/webhooks/porting/"
    told = Listener(url, env.porting_secrets[0]) if env.porting_secrets else None
    serve(env.porting_port, env.data / FOLDER, {OPERATOR: env.porting_key}, told)

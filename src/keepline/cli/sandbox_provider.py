"""`keepline sandbox-provider`: play money with a hosted checkout page."""

import os

import click

from keepline.cli.serve import require_free_port
from keepline.config.environment import Environment


@click.command("sandbox-provider")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def command(host: str) -> None:
    """Run the sandbox payment provider on KEEPLINE_PROVIDER_PORT."""
    env = Environment.read(os.environ)
    from keepline.gateways.payments.sandbox.mode import refuse_in_production

    refuse_in_production(os.environ)
    require_free_port(host, env.provider_port, "KEEPLINE_PROVIDER_PORT")
    os.environ["DJANGO_SETTINGS_MODULE"] = "keepline.config.settings"
    from keepline.config.wiring import sandbox_secret
    from keepline.gateways.payments.sandbox.provider.serve import serve

    serve(
        host,
        env.provider_port,
        env.data / "sandbox-provider",
        f"http://127.0.0.1:{env.port}/webhooks/payments/sandbox/",
        sandbox_secret("api"),
        sandbox_secret("webhook"),
    )

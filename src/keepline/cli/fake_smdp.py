"""`keepline fake-smdp`: an SM-DP+ whose profiles no phone could use."""

import os

import click

from keepline.cli.serve import require_free_port
from keepline.config.environment import Environment


@click.command("fake-smdp")
def command() -> None:
    """Run the fake SM-DP+ on KEEPLINE_SMDP_PORT, as the demo does."""
    env = Environment.read(os.environ)
    from keepline.gateways.payments.sandbox.mode import refuse_in_production

    refuse_in_production(os.environ)
    require_free_port("127.0.0.1", env.smdp_port, "KEEPLINE_SMDP_PORT")
    from keepline.cli.demo_smdp import FOLDER, REQUESTER
    from keepline.gateways.esim.es2plus.fake.notifications import Callback
    from keepline.gateways.esim.es2plus.fake.serve import serve
    from keepline.gateways.esim.es2plus.wire import PATH

    there = f"http://127.0.0.1:{env.port}{PATH}handleDownloadProgressInfo"
    callback = Callback(there if env.smdp_callback_secret else "", env.smdp_callback_secret)
    serve(env.smdp_port, env.data / FOLDER, REQUESTER, callback)

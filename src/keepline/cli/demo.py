"""`keepline demo`: everything on this machine, with a demo base, from one command."""

import os
import signal
import subprocess
import sys

import click

from keepline.cli import demo_folder, demo_identity, demo_porting, demo_smdp, schema_mark
from keepline.cli.boot import require_free_mb, set_environment
from keepline.cli.demo_announcement import announce_when_up
from keepline.cli.serve import require_free_port
from keepline.cli.supervisor import Child, Supervisor
from keepline.config.environment import Environment
from keepline.config.errors import OperatorError
from keepline.config.postgres import EmbeddedPostgres, locks

HOST = "127.0.0.1"
NEEDED_MB = 300


@click.command("demo")
@click.option("--fresh", is_flag=True, help="Start anew: remove what an earlier demo kept.")
def command(fresh: bool) -> None:
    """Start portal, worker, PostgreSQL and the fakes of all that is outside, with a demo base.

    Ctrl-C stops all of it; the next start keeps its data.
    """
    env = Environment.read(os.environ)
    if env.mode == "production":
        raise OperatorError("The demo does not run with KEEPLINE_MODE=production.")
    if fresh and env.database_url:
        raise OperatorError(
            "--fresh empties the demo's own database only, and KEEPLINE_DATABASE_URL names another."
        )
    os.environ["KEEPLINE_MODE"] = "demo"
    _end_in_order()
    require_free_port(HOST, env.port, "KEEPLINE_PORT")
    require_free_port(HOST, env.provider_port, "KEEPLINE_PROVIDER_PORT")
    require_free_port(HOST, env.live_port, "KEEPLINE_LIVE_PORT")
    if not env.smdp_url:
        require_free_port(HOST, env.smdp_port, "KEEPLINE_SMDP_PORT")
    if not env.porting_url:
        require_free_port(HOST, env.porting_port, "KEEPLINE_PORTING_PORT")
    if not env.identity_url:
        require_free_port(HOST, env.identity_port, "KEEPLINE_IDENTITY_PORT")
    require_free_mb(env.data, NEEDED_MB)
    demo_folder.mark(env.data)
    running = locks.claim(env.data / "demo-running")
    if running is None:
        raise OperatorError(f"The demo already runs in {env.data}; stop it first.")
    if fresh:
        demo_folder.empty(env.data)
    _run(env)


def _end_in_order() -> None:
    """Until the supervisor takes over: signals end the demo through its `finally`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored behind a script's `&`
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, lambda number, _: sys.exit(128 + number))


def _run(env: Environment) -> None:
    server = None if env.database_url else EmbeddedPostgres(env.data)
    try:
        if server:
            server.start()
        children = ["serve", "live", "worker", "sandbox-provider"]
        if demo_smdp.connect(env, os.environ):
            children.append("fake-smdp")
        if demo_porting.connect(env, os.environ):
            children.append("fake-clearing-house")
        if demo_identity.connect(env, os.environ):
            children.append("fake-identity")
        settled = set_environment()
        if not schema_mark.is_current(settled.database_url):
            _finish("migrate", "--verbosity", "0")
        _finish("load-demo")
        announce_when_up(env)
        supervisor = Supervisor([_child(name) for name in children])
        if server:
            supervisor.tend = lambda: _keep_up(server)
        supervisor.run()
    except KeyboardInterrupt:
        pass
    finally:
        click.echo("Stopping; the data is kept.", err=True)
        if server and not (server.place.home / "keep-running").exists():
            server.stop()


def _keep_up(server: EmbeddedPostgres) -> None:
    if not server.is_running():
        server.start()


def _finish(*arguments: str) -> None:
    """Run a command of ours to its end; it has said what was wrong when it fails."""
    command = [sys.executable, "-m", "keepline.cli.main", *arguments]
    # A session of its own: Ctrl-C comes to us alone, and we end it in order.
    code = subprocess.run(command, check=False, start_new_session=True).returncode
    if code != 0:
        raise OperatorError(f"The demo stops, because `keepline {arguments[0]}` failed.")


def _child(name: str) -> Child:
    command = [sys.executable, "-m", "keepline.cli.supervised", str(os.getpid()), name]
    return Child(name, command, {**os.environ, "PYTHONUNBUFFERED": "1"})

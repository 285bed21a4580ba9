"""`keepline load-demo`: the demo base, into a database that has no accounts yet."""

from importlib import import_module
from importlib.util import find_spec

import click

from keepline.cli.boot import start_django

BASE = "keepline.cli.demo_base"  # offers load() and SIGN_INS: (who, sign-in, password) each


@click.command("load-demo")
def command() -> None:
    """Load the demo base if the database is empty; else change nothing."""
    start_django()
    if find_spec(BASE):
        import_module(BASE).load()


def sign_ins() -> list[tuple[str, str, str]]:
    """Who may sign in to the demo base: (who, e-mail or phone, password)."""
    return list(import_module(BASE).SIGN_INS) if find_spec(BASE) else []

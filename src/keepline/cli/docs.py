"""`keepline docs`: pages that are made from the code, so that they cannot lie."""

from dataclasses import fields
from pathlib import Path

import click

from keepline.config.environment import PREFIX, Environment

HEAD = """# Settings

Keepline is told by environment variables. An empty variable counts as unset; a value that cannot be
understood stops every command with a sentence. This page is made by `keepline docs settings`.

| variable | what it means | default |
|---|---|---|
"""


@click.group("docs")
def command() -> None:
    """Write the pages of docs/ that are made from the code."""


@command.command("settings")
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("docs/settings.md"),
    show_default=True,
)
def settings(into: Path) -> None:
    """Write the table of KEEPLINE_* variables."""
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_text(settings_page(), encoding="utf-8")
    click.echo(into)


def settings_page() -> str:
    """docs/settings.md as text."""
    rows = []
    for each in fields(Environment):
        default = each.metadata["shown"] or f"`{each.metadata['default']}`"
        rows.append(f"| `{PREFIX}{each.name.upper()}` | {each.metadata['says']} | {default} |\n")
    return HEAD + "".join(rows)

"""`keepline docs`: pages that are made from the code, so that they cannot lie.

tests/cli/test_docs.py makes each again and compares.
"""

import sys
from importlib import import_module
from pathlib import Path

import click

from keepline.cli.pages.settled import settle_django

# page -> (where it stands, the module whose `page()` writes it)
PAGES = {
    "settings": ("docs/settings.md", "keepline.cli.pages.settings"),
    "flows": ("docs/flows.md", "keepline.cli.pages.flows"),
    "states": ("docs/states.md", "keepline.cli.pages.states"),
    "errors": ("docs/errors.md", "keepline.cli.pages.errors"),
    "ways": ("docs/ways-to-pay.md", "keepline.cli.pages.ways"),
    "openapi": ("docs/api/openapi.json", "keepline.cli.pages.openapi"),
}


def text_of(name: str) -> str:
    """A page as it should stand."""
    settle_django()
    return str(import_module(PAGES[name][1]).page())


@click.command("docs")
@click.argument("pages", nargs=-1, type=click.Choice(sorted(PAGES)))
@click.option("--check", is_flag=True, help="Write nothing; fail when a page is out of date.")
def command(pages: tuple[str, ...], check: bool) -> None:
    """Write the pages of docs/ that are made from the code: all, or those named."""
    stale = []
    for name in pages or sorted(PAGES):
        path, text = Path(PAGES[name][0]), text_of(name)
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            stale.append(str(path))
        elif not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            click.echo(path)
    if stale:
        sys.exit(f"out of date: {', '.join(stale)}; run `keepline docs`")

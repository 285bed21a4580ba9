"""`keepline load-pools`: the operator's pools of numbers, cards and profiles."""

from pathlib import Path

import click


@click.command("load-pools")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True))
def command(file: Path) -> None:
    """Load pools of stock from FILE (TOML; docs/inventory.md says what it may hold).

    Loading again changes nothing; a pool that is gone from the file stays.
    """
    from keepline.cli.boot import start_django
    from keepline.config.errors import OperatorError

    start_django()
    from django.utils import timezone

    from keepline.flows.load_pools import load_pools
    from keepline.inventory.pool_file import PoolsRefused

    try:
        loaded = load_pools(file, "cli", timezone.now())
    except PoolsRefused as refused:
        raise OperatorError(str(refused)) from refused
    news = f"{len(loaded.changed)} new or changed" if loaded.changed else "nothing new"
    click.echo(f"{loaded.pools} pools, {news}")

"""`keepline load-preset`: a ready-made catalogue for one kind of line, or for all."""

import click


@click.command("load-preset")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help="Load all of them.")
@click.option("--list", "listing", is_flag=True, help="Say which there are.")
def command(names: tuple[str, ...], everything: bool, listing: bool) -> None:
    """Load ready-made catalogues: virtual_number, travel_sim, country_esim, local_data_sim,
    keep_alive.

    Loading again changes nothing; a plan whose file changed becomes a new version.
    """
    if not (names or everything or listing):
        raise click.UsageError("Name a preset, or say --all or --list.")
    from keepline.cli.boot import start_django
    from keepline.config.errors import OperatorError

    start_django()
    from django.conf import settings
    from django.utils import timezone

    from keepline.catalog.reading import CatalogRefused
    from keepline.flows.load_preset import load_preset, shipped

    if listing:
        click.echo("\n".join(shipped()))
    for name in shipped() if everything else names:
        try:
            loaded = load_preset(name, "cli", timezone.now(), settings.ENV.shortest_quarantine_days)
        except CatalogRefused as refused:
            raise OperatorError(str(refused)) from refused
        news = f"{len(loaded.changed)} new or changed" if loaded.changed else "nothing new"
        click.echo(f"{loaded.name}: {loaded.plans} plans, {news}")

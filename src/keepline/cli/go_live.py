"""`keepline go-live`: imported lines wake; the report comes first."""

import click


@click.command("go-live")
@click.option("--yes", is_flag=True, help="Really wake them; without it only the report.")
def command(yes: bool) -> None:
    """Wake the imported lines.

    Lines whose validity was over before get their whole grace from today. Without --yes nothing
    is changed.
    """
    from keepline.cli.boot import start_django

    start_django()
    from django.utils import timezone

    from keepline.flows.go_live import go_live, who_sleeps

    now = timezone.now()
    sleepers = go_live("cli", now) if yes else who_sleeps(now)
    woken = "were woken" if yes else "sleep"
    click.echo(f"{sleepers.sleeping} imported lines {woken}.")
    click.echo(
        f"{sleepers.past_due} of them (in {sleepers.accounts_past_due} accounts) are past due: "
        "their grace begins today."
    )
    if sleepers.out_of_reach:
        click.echo(
            f"{sleepers.out_of_reach} accounts have neither a sign-in nor an e-mail on file: "
            "nobody hears when their lines run out."
        )
    if not yes and sleepers.sleeping:
        click.echo("Nothing was changed. `keepline go-live --yes` wakes them.")

"""`keepline staff`: who may open the back office."""

import click


@click.command("staff")
@click.argument("email")
@click.option("--revoke", is_flag=True, help="Take it back.")
def command(email: str, revoke: bool) -> None:
    """Make the user with this e-mail address one of the staff.

    The user signs up as everybody does; staff see the back office beside their own lines.
    """
    from keepline.cli.boot import start_django

    start_django()
    from django.utils import timezone

    from keepline.accounts.queries import user_by_email
    from keepline.config.errors import OperatorError
    from keepline.flows.appoint_staff import appoint_staff

    user = user_by_email(email)
    if user is None:
        raise OperatorError(f"Nobody signs in with {email}; sign up first.")
    changed = appoint_staff(user, not revoke, "cli", timezone.now())
    state = "is not staff" if revoke else "is staff"
    click.echo(f"{email} {state}{' now' if changed else ', as before'}.")

"""`keepline line-cap`: how many lines one account may have."""

import click


@click.command("line-cap")
@click.argument("email")
@click.argument("cap", type=click.IntRange(0, 1_000_000), required=False)
@click.option("--reason", required=True, help="Why; it is kept in the audit trail.")
def command(email: str, cap: int | None, reason: str) -> None:
    """Let the account of the user with this e-mail address have CAP lines, 0 for no end.

    Without CAP, KEEPLINE_LINES_PER_ACCOUNT holds for it again.
    """
    from keepline.cli.boot import start_django

    start_django()
    from django.utils import timezone

    from keepline.accounts.queries import member_account, user_by_email
    from keepline.config.errors import OperatorError
    from keepline.flows.errors import FlowRefused
    from keepline.flows.set_line_cap import set_line_cap

    user = user_by_email(email)
    account = member_account(user) if user else None
    if account is None:
        raise OperatorError(f"Nobody with an account signs in with {email}.")
    try:
        set_line_cap(account.id, cap, reason, "cli", timezone.now())
    except FlowRefused as refused:
        raise OperatorError(refused.refusal.title) from refused
    said = "as many lines as all others" if cap is None else f"{cap or 'any number of'} lines"
    click.echo(f"The account of {email} may have {said}.")

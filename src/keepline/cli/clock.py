"""`keepline clock`: test clocks by hand. Never in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import click

ACTOR = "cli"


class Instant(click.ParamType):  # type: ignore[type-arg]
    """ISO 8601; a date alone is its first moment, an instant without a zone is UTC."""

    name = "iso"

    def convert(self, value: object, param: object, ctx: object) -> datetime:
        try:
            read = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not an instant such as 2027-01-31T12:00Z")
        return read if read.tzinfo else read.replace(tzinfo=UTC)


@click.group("clock")
def command() -> None:
    """Test clocks: accounts attached to one have its time, which moves by command."""


@command.command("create")
@click.argument("name")
@click.option("--at", type=Instant(), help="What it shows.  [default: now]")
def create(name: str, at: datetime | None) -> None:
    """Make a clock NAME that stands still."""
    with _ready():
        from django.utils import timezone

        from keepline.flows.open_clock import open_clock

        now = timezone.now()
        open_clock(name, at or now, ACTOR, now)
        click.echo(f"{name} shows {_said(at or now)}.")


@command.command("attach")
@click.argument("name")
@click.argument("account")
def attach(name: str, account: str) -> None:
    """Attach ACCOUNT (its id, or the e-mail address of its owner) to the clock NAME, for good."""
    with _ready():
        from django.utils import timezone

        from keepline.flows.attach_clock import attach_clock

        lines = attach_clock(name, _account_id(account), ACTOR, timezone.now())
        click.echo(f"The account and its {lines} lines live by {name} from now on.")


@command.command("advance")
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 36_500), help="So many days on.")
@click.option("--to", type=Instant(), help="To this instant.")
def advance(name: str, days: int | None, to: datetime | None) -> None:
    """Move the clock NAME on; everything that lives by it happens on the way.

    Stopped in the middle, the clock stands where it got to; the same --to goes on from there.
    """
    if (days is None) == (to is None):
        raise click.UsageError("Say either --days or --to.")
    with _ready():
        from django.utils import timezone
        from rich.progress import TaskProgressColumn, TimeRemainingColumn

        from keepline.accounts import clocks
        from keepline.cli.progress import progress_bar
        from keepline.flows.move_clock import move_clock
        from keepline.workers.due import work_off

        clocks.refuse_in_production()
        began_at = clocks.clock(name).now_at
        until = to or began_at + timedelta(days=days or 0)
        bar = progress_bar(TaskProgressColumn(), TimeRemainingColumn())
        with bar:
            task = bar.add_task(_said(began_at), total=max(1, _seconds(until - began_at)))

            def shown(at: datetime) -> None:
                passed = _seconds(at - began_at)
                bar.update(task, description=_said(at), completed=passed)

            reached = move_clock(name, until, ACTOR, timezone.now(), work_off, shown)
            bar.update(task, completed=bar.tasks[task].total)
        click.echo(f"{name} shows {_said(reached)}.")


@command.command("list")
def show() -> None:
    """Every clock: what it shows, and how many accounts live by it."""
    with _ready():
        from keepline.accounts import clocks

        clocks.refuse_in_production()
        accounts = clocks.how_many_accounts()
        for clock in clocks.all_clocks():
            held = accounts.get(clock.id, 0)
            click.echo(f"{_said(clock.now_at)}  {held:>6} accounts  {clock.name}")


@contextmanager
def _ready() -> Iterator[None]:
    """Django is set up; a refusal is a sentence."""
    from keepline.cli.boot import start_django
    from keepline.config.errors import OperatorError

    start_django()
    from keepline.accounts.clocks import ClockRefused

    try:
        yield
    except ClockRefused as refused:
        raise OperatorError(str(refused)) from refused


def _account_id(said: str) -> UUID:
    from keepline.accounts.clocks import ClockRefused
    from keepline.accounts.queries import membership_of, user_by_email

    try:
        return UUID(said)
    except ValueError:
        user = user_by_email(said)
        membered = membership_of(user.pk) if user else None
        if membered is None:
            raise ClockRefused(f"Nobody with an account signs in as {said!r}.") from None
        return membered.account_id


def _said(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _seconds(duration: timedelta) -> int:
    return duration // timedelta(seconds=1)

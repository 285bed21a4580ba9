"""`keepline sweep`: what the clock has for lines is done now, with a progress bar."""

from collections import Counter

import click

WORDS = {
    "renewed": "renewed",
    "short": "not renewed: the wallet was short",
    "consent": "not renewed: the holder has to agree to the plan or its price",
    "under_way": "left alone: an order for them is under way",
    "no_network": "not renewed: no network is connected",
    "raced": "batches begun anew, because an order came between",
    "alone": "handed on to be renewed one by one",
    "failed": "failed; the log says why, they are tried again in an hour",
    "skipped": "skipped: auto-renew was switched off",
    "reminded": "reminded",
    "passed_over": "reminders that no longer made sense",
    "expired": "expired into grace",
    "grace_over": "suspended",
    "withdrawn": "ended; their numbers began to rest",
    "held": "kept: no notice has reached their holder yet",
    "moved_on": "live longer than was planned",
    "put_off": "numbers rested enough, and rest on: people still write to them",
    "released": "numbers rested enough and are free again",
}


@click.command("sweep")
def command() -> None:
    """Do what is due of lines now: renew, remind, expire, suspend, withdraw, release numbers.

    Workers do the same by themselves every second; any number of either may run at once, and each
    step is done once. Stopped in the middle, nothing is lost: the rest is due still.
    """
    from keepline.cli.boot import start_django

    start_django()
    from django.utils import timezone
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    from keepline.cli.progress import progress_bar
    from keepline.flows.sweep_lines import sweep
    from keepline.lines.queries import count_due

    began_at = timezone.now()
    counts: Counter[str] = Counter()
    bar = progress_bar(MofNCompleteColumn(), TimeRemainingColumn())
    with bar:
        task = bar.add_task("Sweeping", total=count_due(began_at))
        # Of those that go one by one each sweep does a batch, by the time that it is then.
        while done := sweep(timezone.now(), done=lambda batch: bar.advance(task, batch.total())):
            counts += done
            if not count_due(began_at):
                break
        bar.update(task, total=bar.tasks[task].completed)
    for name, words in WORDS.items():
        if counts[name]:
            click.echo(f"{counts[name]:>9} {words}")
    if not counts:
        click.echo("Nothing was due.")

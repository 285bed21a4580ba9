"""The progress bar of long commands: on stderr, so that stdout is for the answer."""

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn


def progress_bar(*behind: ProgressColumn) -> Progress:
    """`behind` stands behind the bar: how far it is, and how long it takes."""
    return Progress("{task.description}", BarColumn(), *behind, console=Console(stderr=True))

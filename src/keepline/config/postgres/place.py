"""Where a server keeps its files, its socket and its locks.

home/            ours, others may pass but not look (root) or 0700 (ordinary user)
  cluster/       PostgreSQL's data folder, 0700, the server account's
  socket/        the Unix socket, 0700, the server account's
  log/           PostgreSQL's own log, seven files, one a weekday
  conf/          written anew at every start, out of the server's reach
  starting       locked by whoever starts or stops the server
  alive          locked by every process of the server, so released when the last one ends
"""

import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from keepline.config.postgres.account import ServerAccount

SYSTEM_FOLDER = Path("/var/lib/keepline")
# Unix socket addresses hold 104 bytes on macOS, 108 on Linux, a closing zero byte included.
SOCKET_FOLDER_BYTES = 103 - len("/.s.PGSQL.5432")
# libpq reads a comma as the next host; the others would need quoting in three grammars.
SOCKET_FOLDER_REFUSED = frozenset(",\"'\\\n")


@dataclass(frozen=True)
class Place:
    """The folder of one server, and the account that owns what the server writes."""

    home: Path
    account: ServerAccount

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def conf(self) -> Path:
        return self.home / "conf"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def start_log(self) -> Path:
        """What the server said before its own log was open."""
        return self.home / "start.log"

    @property
    def copies(self) -> Path:
        return SYSTEM_FOLDER / "programs"

    def prepare(self) -> None:
        """Make the folders that are missing."""
        for folder in (self.log, self.home / "socket"):
            if not folder.exists():
                folder.mkdir(mode=0o700)
                self.account.give(folder)
        self.conf.mkdir(mode=0o711, exist_ok=True)

    def socket_folder(self) -> Path:
        """The socket's folder: in `home`, or a private short one when that path is too long."""
        plain = self.home / "socket"
        if len(os.fsencode(plain)) <= SOCKET_FOLDER_BYTES and not (
            SOCKET_FOLDER_REFUSED & set(str(plain))
        ):
            return plain
        note = self.home / "socket-folder"
        if note.exists():
            noted = Path(note.read_text(encoding="utf-8"))
            if self._is_private(noted):
                return noted
        # A fresh random name: nobody can have laid a folder of theirs in its place.
        made = Path(tempfile.mkdtemp(prefix="keepline-", dir="/tmp"))
        self.account.give(made)
        replace_text(note, str(made))
        return made

    def _is_private(self, folder: Path) -> bool:
        try:
            found = folder.lstat()
        except OSError:
            return False
        return (
            stat.S_ISDIR(found.st_mode)
            and found.st_uid == self.account.uid
            and not found.st_mode & 0o077
        )


def place_for(data: Path, account: ServerAccount) -> Place:
    """Where the server of the data folder `data` lives; made when missing.

    Inside `data`, unless root starts it and the server's account cannot get there; then below
    /var/lib/keepline, under a name noted in `data`, so that a new data folder is a new server.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    home = data / "postgres"
    if account.borrowed and not account.may_run(data):
        note = data / "postgres-is-in"
        if not note.exists():
            made_once(note, f"{SYSTEM_FOLDER / secrets.token_hex(6)}\n")
        home = Path(note.read_text(encoding="utf-8").strip())
        if home.parent != SYSTEM_FOLDER:  # the note is not obeyed outside our own folder
            raise ValueError(f"{note} names {home}")
        SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o755)
        home.mkdir(exist_ok=True, mode=0o711)
        replace_text(home / "made-for", f"{data}\n")
    home.mkdir(exist_ok=True, mode=0o711 if account.borrowed else 0o700)
    return Place(home, account)


def replace_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write `path` as a whole: a reader sees the old text or the new one."""
    own = path.with_name(f"{path.name}.{os.getpid()}")
    own.unlink(missing_ok=True)
    with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    own.replace(path)


def made_once(path: Path, text: str, mode: int = 0o600) -> None:
    """Write `path` unless another process was first."""
    own = path.with_name(f"{path.name}.{os.getpid()}")
    replace_text(own, text, mode)
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    finally:
        own.unlink()

"""Commands as processes: what they say when something is wrong, and with which exit code."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keepline.cli import schema_mark
from keepline.config.postgres import EmbeddedPostgres

OWN = ("KEEPLINE_DATABASE_URL", "KEEPLINE_DATABASE_OWNER_URL", "KEEPLINE_MODE", "KEEPLINE_DATA")


def keepline(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    return subprocess.run(
        [sys.executable, "-m", "keepline.cli.main", *arguments],
        env={**environment, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a command that refused."""
    assert result.returncode == 1, result
    assert "Traceback" not in result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.fixture
def data(open_folder: Path) -> str:
    return str(open_folder)


def test_help_is_quick_and_names_every_command() -> None:
    took = []
    for _ in range(3):
        began = time.monotonic()
        result = keepline("--help")
        took.append(time.monotonic() - began)
    assert result.returncode == 0
    for name in ("demo", "serve", "worker", "sandbox-provider", "migrate", "db", "doctor"):
        assert f"  {name} " in result.stdout
    assert "renewals" not in result.stdout  # by the clock nothing is renewed yet
    assert min(took) < 1.0  # a tenth of that on a quiet machine; Django alone takes longer


def test_help_imports_nothing_heavy() -> None:
    asked = (
        "import sys; from keepline.cli.main import keepline\n"
        "keepline(['--help'], standalone_mode=False)\n"
        "sys.exit(', '.join(sorted({'django', 'psycopg', 'rich', 'granian'} & set(sys.modules))))\n"
    )
    result = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True)
    assert result.stderr.strip() == ""


def test_unknown_command() -> None:
    result = keepline("reneww")
    assert result.returncode == 2
    assert "No such command" in result.stderr


def test_bad_setting(data: str) -> None:
    said = refused(keepline("doctor", KEEPLINE_DATA=data, KEEPLINE_PORT="eighty"))
    assert "KEEPLINE_PORT" in said


def test_database_that_is_not_there(data: str) -> None:
    url = "postgresql://keepline_app@127.0.0.1:1/keepline?connect_timeout=2"
    said = refused(keepline("migrate", KEEPLINE_DATA=data, KEEPLINE_DATABASE_URL=url))
    assert "database" in said


def test_data_folder_that_cannot_be() -> None:
    for arguments in (("demo",), ("db", "start"), ("migrate",)):
        said = refused(keepline(*arguments, KEEPLINE_DATA="/dev/null/data"))
        assert "/dev/null/data" in said


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_port_taken(command: str, data: str) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    with taken_port() as port:
        said = refused(
            keepline(
                command, KEEPLINE_DATA=data, KEEPLINE_PORT=str(port), KEEPLINE_DATABASE_URL=url
            )
        )
    assert str(port) in said
    assert "KEEPLINE_PORT" in said


def test_providers_port_taken(data: str) -> None:
    for command in ("demo", "sandbox-provider"):
        with taken_port() as port:
            said = refused(keepline(command, KEEPLINE_DATA=data, KEEPLINE_PROVIDER_PORT=str(port)))
        assert "KEEPLINE_PROVIDER_PORT" in said


def test_the_fake_smdps_port_taken(data: str) -> None:
    for command in ("demo", "fake-smdp"):
        with taken_port() as port:
            said = refused(keepline(command, KEEPLINE_DATA=data, KEEPLINE_SMDP_PORT=str(port)))
        assert "KEEPLINE_SMDP_PORT" in said


def test_the_fake_clearing_houses_port_taken(data: str) -> None:
    for command in ("demo", "fake-clearing-house"):
        with taken_port() as port:
            said = refused(keepline(command, KEEPLINE_DATA=data, KEEPLINE_PORTING_PORT=str(port)))
        assert "KEEPLINE_PORTING_PORT" in said


def test_nothing_of_the_demo_in_production(data: str) -> None:
    production = {
        "KEEPLINE_DATA": data,
        "KEEPLINE_MODE": "production",
        "KEEPLINE_SECRET_KEY": "k" * 50,
        "KEEPLINE_PUBLIC_URL": "https://lines.example.org",
    }
    assert "production" in refused(keepline("demo", **production))
    assert "production" in refused(keepline("sandbox-provider", **production))
    assert "production" in refused(keepline("fake-smdp", **production))
    assert "production" in refused(keepline("fake-clearing-house", **production))


def test_demo_leaves_strangers_files_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    said = refused(keepline("demo", "--fresh", KEEPLINE_DATA=str(tmp_path), KEEPLINE_PORT="18480"))
    assert "thesis.txt" in said
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_fresh_never_touches_another_database(data: str) -> None:
    url = "postgresql://keepline_app@db.example.org/keepline"
    said = refused(keepline("demo", "--fresh", KEEPLINE_DATA=data, KEEPLINE_DATABASE_URL=url))
    assert "KEEPLINE_DATABASE_URL" in said


def test_db_start_status_shell_stop(data: str) -> None:
    assert keepline("db", "status", KEEPLINE_DATA=data).returncode == 3
    started = keepline("db", "start", KEEPLINE_DATA=data)
    assert started.returncode == 0
    assert started.stdout.startswith("ready: postgresql://keepline_app@/keepline?host=/")
    assert keepline("db", "start", KEEPLINE_DATA=data).returncode == 0
    assert keepline("db", "status", KEEPLINE_DATA=data).returncode == 0
    asked = keepline("db", "shell", "-Atc", "SELECT current_user", KEEPLINE_DATA=data)
    assert asked.stdout == "keepline_app\n"
    asked = keepline("db", "shell", "--owner", "-Atc", "SELECT current_user", KEEPLINE_DATA=data)
    assert asked.stdout == "keepline_owner\n"
    assert keepline("db", "stop", KEEPLINE_DATA=data).returncode == 0
    assert keepline("db", "status", KEEPLINE_DATA=data).returncode == 3
    assert "keepline db start" in refused(keepline("db", "shell", KEEPLINE_DATA=data))


def test_doctor_sees_tables_that_are_missing_or_old(data: str) -> None:
    assert keepline("db", "start", KEEPLINE_DATA=data).returncode == 0
    complaint = "fail  The tables are missing or old; run `keepline migrate`."
    checked = keepline("doctor", KEEPLINE_DATA=data)
    assert complaint in checked.stdout.splitlines()
    assert checked.returncode == 1
    assert keepline("migrate", "-v", "0", KEEPLINE_DATA=data).returncode == 0
    checked = keepline("doctor", KEEPLINE_DATA=data)
    assert "ok    The tables are up to date." in checked.stdout.splitlines()
    assert checked.returncode == 0
    forget = "DELETE FROM django_migrations WHERE app = 'orders' AND name LIKE '0001%'"
    assert keepline("db", "shell", "--owner", "-c", forget, KEEPLINE_DATA=data).returncode == 0
    checked = keepline("doctor", KEEPLINE_DATA=data)
    assert complaint in checked.stdout.splitlines()
    assert checked.returncode == 1


def test_migrate_twice_then_doctor(data: str) -> None:
    for _ in range(2):
        migrated = keepline("migrate", "-v", "0", KEEPLINE_DATA=data)
        assert migrated.returncode == 0, migrated.stderr
    checked = keepline("doctor", KEEPLINE_DATA=data, KEEPLINE_PROT="8000")
    assert checked.returncode == 0, checked.stdout
    assert "The runtime role cannot change facts." in checked.stdout
    assert "KEEPLINE_PROT is not a setting" in checked.stdout
    url = keepline("db", "status", KEEPLINE_DATA=data).stdout.split()[1]
    for role, grade in (("keepline_owner", "warn"), ("nobody_at_all", "fail")):
        checked = keepline(
            "doctor", KEEPLINE_DATA=data, KEEPLINE_DATABASE_URL=url.replace("keepline_app", role)
        )
        assert f"{grade}  " in checked.stdout
        assert checked.returncode == (grade == "fail")


def test_old_python_is_told_in_one_sentence() -> None:
    asked = (
        "import sys; sys.version_info = (3, 10, 4, 'final', 0)\n"
        "from keepline.cli.main import main; sys.argv = ['keepline', '--help']; main()"
    )
    result = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == "Keepline needs Python 3.11 or later.\n"


def test_mark_spares_only_what_was_done(data: str) -> None:
    """Another role, or other files, and the database is not current."""
    assert keepline("migrate", "-v", "0", KEEPLINE_DATA=data).returncode == 0
    server = EmbeddedPostgres(Path(data))
    assert schema_mark.is_current(server.url("keepline_app"))
    assert not schema_mark.is_current(server.url("keepline_owner"))

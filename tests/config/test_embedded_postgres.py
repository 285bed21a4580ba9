"""The embedded server against what really happens to servers: kills, zombies, strangers' pids."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from keepline.config.errors import DatabaseUnavailable
from keepline.config.postgres import EmbeddedPostgres, advice, binaries, cluster, locks
from keepline.config.postgres.account import server_account
from keepline.config.postgres.place import SOCKET_FOLDER_BYTES
from tests.database import SETTINGS


@pytest.fixture
def data(open_folder: Path) -> Path:
    return open_folder


@pytest.fixture
def server(data: Path) -> EmbeddedPostgres:
    server = EmbeddedPostgres(data, SETTINGS)
    server.start()
    return server


def postmaster_pid(server: EmbeddedPostgres) -> int:
    return int((server.place.cluster / "postmaster.pid").read_text().splitlines()[0])


def kill_postmaster(server: EmbeddedPostgres) -> int:
    pid = postmaster_pid(server)
    os.kill(pid, signal.SIGKILL)
    return pid


def test_roles_database_and_settings(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url("keepline_app")) as app:
        row = app.execute(
            """
            SELECT current_user, current_database(), pg_get_userbyid(datdba), datlocprovider,
                   datlocale, current_setting('listen_addresses'),
                   current_setting('data_checksums'), current_setting('jit')
            FROM pg_database WHERE datname = current_database()
            """
        ).fetchone()
        assert row == (
            "keepline_app",
            "keepline",
            "keepline_owner",
            "b",
            "C.UTF-8",
            "",
            "on",
            "off",
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE TABLE mine (x int)")


def test_fsync_is_on_unless_a_test_says_otherwise(data: Path) -> None:
    server = EmbeddedPostgres(data)
    server.start()
    with psycopg.connect(server.url("keepline_app")) as app:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert app.execute("SELECT current_setting(%s)", [name]).fetchone() == ("on",), name


def test_second_start_keeps_data_and_the_first_server(server: EmbeddedPostgres, data: Path) -> None:
    with psycopg.connect(server.url("keepline_owner")) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 7 AS x")
    pid = postmaster_pid(server)
    EmbeddedPostgres(data, SETTINGS).start()
    assert postmaster_pid(server) == pid
    server.stop()
    assert not server.is_ready()
    assert not server.is_running()
    server.start()
    with psycopg.connect(server.url("keepline_owner")) as owner:
        assert owner.execute("SELECT x FROM kept").fetchone() == (7,)


def test_kill_of_the_postmaster_loses_nothing_acknowledged(data: Path) -> None:
    server = EmbeddedPostgres(data)  # not SETTINGS: they give up durability
    server.start()
    with psycopg.connect(server.url("keepline_owner"), autocommit=True) as owner:
        owner.execute("CREATE TABLE acked (x int)")
    for x in range(3):
        with psycopg.connect(server.url("keepline_owner"), autocommit=True) as owner:
            owner.execute("INSERT INTO acked VALUES (%s)", [x])
        kill_postmaster(server)
        server.start()
    with psycopg.connect(server.url("keepline_owner")) as owner:
        assert owner.execute("SELECT array_agg(x ORDER BY x) FROM acked").fetchone() == ([0, 1, 2],)


def test_zombie_postmaster_is_not_taken_for_a_server(data: Path) -> None:
    """As in a container whose first process never reaps: the pid exists, its process is gone."""
    starter = (
        "import sys, time; from pathlib import Path\n"
        "from keepline.config.postgres import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start()\n"
        "print('up', flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter, str(data)], stdout=subprocess.PIPE, text=True
    ) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline() == "up\n"
            server = EmbeddedPostgres(data, SETTINGS)
            pid = kill_postmaster(server)
            wait_for(lambda: not server.is_running())
            os.kill(pid, 0)  # still there: its parent does not reap it
            assert not server.is_ready()
            server.start()
            assert postmaster_pid(server) != pid
            assert server.is_ready()
        finally:
            parent.kill()


def test_stale_pid_that_another_program_has_now(server: EmbeddedPostgres) -> None:
    kill_postmaster(server)
    wait_for(lambda: not server.is_running())
    account = server.place.account
    with subprocess.Popen(["sleep", "600"], **account.popen) as stranger:
        path = server.place.cluster / "postmaster.pid"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
        try:
            server.start()
            assert server.is_ready()
            server.stop()
            assert stranger.poll() is None, "stop() signalled a stranger"
        finally:
            stranger.kill()


def test_orphans_of_a_killed_server_are_waited_for(server: EmbeddedPostgres) -> None:
    """A backend at work outlives its postmaster; a second server would spoil its files."""
    began = threading.Event()

    def work() -> None:
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(server.url("keepline_owner"), autocommit=True) as owner,
        ):
            began.set()
            owner.execute("DO $$ BEGIN FOR i IN 1..3000000 LOOP PERFORM 1; END LOOP; END $$")

    worker = threading.Thread(target=work)
    worker.start()
    began.wait()
    time.sleep(0.2)
    kill_postmaster(server)
    assert server.is_running()
    assert not server.is_ready()
    server.start()
    assert server.is_ready()
    worker.join()


def test_many_processes_start_one_server(data: Path) -> None:
    starter = (
        "import sys; from pathlib import Path\n"
        "from keepline.config.postgres import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start(); assert server.is_ready()\n"
        "print((server.place.cluster / 'postmaster.pid').read_text().split()[0])\n"
    )
    starters = [
        subprocess.Popen([sys.executable, "-c", starter, str(data)], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    said = {each.communicate(timeout=60)[0] for each in starters}
    assert all(each.returncode == 0 for each in starters)
    assert len(said) == 1


def test_long_path_gets_a_short_private_socket(data: Path) -> None:
    deep = data / ("x" * SOCKET_FOLDER_BYTES)
    deep.mkdir(mode=0o711)
    server = EmbeddedPostgres(deep, SETTINGS)
    server.start()
    folder = server.place.socket_folder()
    try:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert EmbeddedPostgres(deep).place.socket_folder() == folder
        with psycopg.connect(server.url("keepline_app")) as app:
            assert app.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
        folder.rmdir()


def test_nobody_else_gets_in(server: EmbeddedPostgres) -> None:
    assert server.place.socket_folder().stat().st_mode & 0o777 == 0o700
    assert server.place.cluster.stat().st_mode & 0o077 == 0
    hba = (server.place.conf / "pg_hba.conf").read_text()
    assert hba == "local all all peer map=keepline\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_strangers_are_refused_even_where_the_folder_lets_them_in(server: EmbeddedPostgres) -> None:
    server.place.socket_folder().chmod(0o755)
    (server.place.socket_folder() / ".s.PGSQL.5432").chmod(0o777)
    psql = str(server.programs.bin / "psql")
    for role in ("postgres", "keepline_owner", "keepline_app"):
        asked = subprocess.run(
            [psql, server.url(role), "-c", "SELECT 1"],
            user="nobody",
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
        )
        assert asked.returncode != 0
        assert "Peer authentication failed" in asked.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="root's way of starting")
def test_root_serves_as_another_user_and_opens_no_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "data", SETTINGS)
    server.start()
    try:
        owner = (server.place.cluster / "PG_VERSION").stat().st_uid
        assert owner == server.place.account.uid != 0
        assert server.place.home.parent == Path("/var/lib/keepline")
        assert closed.stat().st_mode & 0o777 == 0o700
        assert (closed / "data").stat().st_mode & 0o777 == 0o700
        assert EmbeddedPostgres(closed / "data").is_ready()
    finally:
        server.stop()
        subprocess.run(["rm", "-rf", str(server.place.home)], check=True)


def test_killed_while_making_the_cluster_leaves_no_half(data: Path) -> None:
    starter = (
        "import sys; from pathlib import Path\n"
        "from keepline.config.postgres import EmbeddedPostgres\n"
        "EmbeddedPostgres(Path(sys.argv[1])).start()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter, str(data)], start_new_session=True
    ) as starting:
        wait_for(lambda: any((data / "postgres").glob("cluster-making-*/base")))
        os.killpg(starting.pid, signal.SIGKILL)
    assert not (data / "postgres" / "cluster").exists()
    server = EmbeddedPostgres(data, SETTINGS)
    server.start()
    assert server.is_ready()


def test_full_disk_is_said_before_anything_is_made(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "NEEDED_BYTES", 10**18)
    with pytest.raises(DatabaseUnavailable, match="The disk is full"):
        EmbeddedPostgres(data).start()
    assert not (data / "postgres" / "cluster").exists()


def test_broken_configuration_is_told_in_the_servers_words(data: Path) -> None:
    server = EmbeddedPostgres(data, {"no_such_setting": "1"})
    with pytest.raises(DatabaseUnavailable, match="does not start"):
        server.start()
    EmbeddedPostgres(data, SETTINGS).start()  # and it was no lasting harm


def test_files_of_another_major_version(server: EmbeddedPostgres) -> None:
    server.stop()
    (server.place.cluster / "PG_VERSION").write_text("15\n")
    with pytest.raises(DatabaseUnavailable, match="another major version"):
        server.start()


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DatabaseUnavailable, match="cannot be used"):
        EmbeddedPostgres(tmp_path / "data")


def test_without_a_wheel_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEELS", {"no-such-wheel": "no_such_package"})
    with pytest.raises(DatabaseUnavailable, match="KEEPLINE_DATABASE_URL"):
        binaries.installed()
    monkeypatch.setattr(binaries.sys, "platform", "linux")
    monkeypatch.setattr(binaries.platform, "libc_ver", lambda: ("", ""))
    with pytest.raises(DatabaseUnavailable, match="musl"):
        binaries.installed()


@pytest.mark.parametrize("said", advice.KNOWN)
def test_known_causes_are_one_line_without_leftovers(said: str) -> None:
    message = str(advice.explained(f"FATAL:  could not: {said}\n", Path("/data")))
    assert "\n" not in message
    assert "{" not in message


def test_the_alive_lock_is_the_processes_own(tmp_path: Path) -> None:
    held = locks.claim(tmp_path / "alive")
    assert held is not None
    assert locks.claim(tmp_path / "alive") is None
    assert locks.is_held(tmp_path / "alive")
    os.close(held)
    assert not locks.is_held(tmp_path / "alive")


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root borrows an account")
def test_programs_out_of_reach_are_copied_once(open_folder: Path, tmp_path: Path) -> None:
    """As with a virtual environment below /root: the copy runs, the folder above stays closed."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    found = binaries.installed()
    package = found.root.parent
    for each in package.parent.glob(f"{package.name}*"):
        shutil.copytree(each, closed / each.name, symlinks=True)
    wheel = binaries.Installation(closed / package.name / found.root.name, "some-wheel-18")
    account = server_account()
    copied = binaries.usable_by(account, wheel, open_folder / "programs")
    assert copied.root.is_relative_to(open_folder / "programs" / "some-wheel-18")
    assert binaries.usable_by(account, wheel, open_folder / "programs") == copied
    assert closed.stat().st_mode & 0o777 == 0o700
    assert (copied.bin / "postgres").stat().st_uid == 0, "the server could change its own programs"
    server = EmbeddedPostgres(open_folder, SETTINGS)
    server.programs = copied
    server.start()
    assert server.is_ready()

"""The tests' database, made before Django's settings are read.

One embedded server for all xdist workers, in a folder of its own, started when the first test needs
it. KEEPLINE_TEST_DATABASE_URL names another server instead (a role that may create databases).
Tables are made by the owner role; tests then work as the runtime role, with its lesser rights.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from keepline.config.postgres import EmbeddedPostgres
from tests import database

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
FOLDER = database.run_folder()

os.environ.update(
    DJANGO_SETTINGS_MODULE="keepline.config.settings",
    KEEPLINE_MODE="test",
    KEEPLINE_DATA=str(FOLDER / WORKER),
    KEEPLINE_DATABASE_URL=database.owner_url(FOLDER),
)
os.environ.pop("KEEPLINE_DATABASE_OWNER_URL", None)
# How long one example takes says how busy the machine is.
hypothesis_settings.register_profile("any_machine", deadline=None)
hypothesis_settings.load_profile("any_machine")


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    assert settings.DATABASES  # read now, so that pytest-django sets Django up
    # A process of xdist has read them before this file, as those of the process that began it.
    settings.ENV = replace(settings.ENV, data=FOLDER / WORKER)
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a missing one


LONGEST = {"test_bench.py", "test_year.py"}  # more than a minute each


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: at the end no process waits for another's long test."""
    items.sort(
        key=lambda item: (item.get_closest_marker("slow") is None, item.path.name not in LONGEST)
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    if WORKER == "main":
        database.remove(FOLDER)


@pytest.fixture(autouse=True)
def ports_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What one test connects is not there for the next, whichever that is."""
    from keepline.gateways import switchboard

    before = dict(switchboard._factories)
    yield
    monkeypatch.undo()  # or a port that the test took away would be put back after this
    if switchboard._factories != before:
        switchboard._factories.clear()
        switchboard._factories.update(before)
        switchboard._adapter.cache_clear()


@pytest.fixture(scope="session")
def database_server() -> None:
    """A server that takes connections. For tests that start processes or connect by themselves."""
    database.start(FOLDER)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    database_server: None, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """pytest-django's place before the test base is made: the server is started here."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's test base, then used as the runtime role."""
    if database.is_external():
        yield
        return
    with django_db_blocker.unblock(), database.as_runtime_role(FOLDER):
        yield


@pytest.fixture(autouse=True)
def catalogue_is_read_anew() -> None:
    """What is believed of a catalogue outlives the rows of the test before."""
    from keepline.catalog import queries

    queries.forget()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that the server's account may pass, so that under root it stays in there."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        Path(name).chmod(0o711)
        yield Path(name)
        EmbeddedPostgres(Path(name)).stop()


@pytest.fixture
def process_environment(transactional_db: None) -> dict[str, str]:
    """os.environ for a process of ours that shall work in this test's database."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    return {
        **os.environ,
        "KEEPLINE_DATABASE_URL": database.runtime_url(FOLDER, name),
        "KEEPLINE_DATABASE_OWNER_URL": database.owner_url(FOLDER, name),
    }

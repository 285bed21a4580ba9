"""A received message is looked for where it must not be: in the server's files and in a dump.

A word that is stored readable is looked for beside it: else the search could be blind.
"""

import subprocess
import time
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection

from keepline.config.postgres import EmbeddedPostgres
from keepline.config.postgres.binaries import installed
from keepline.flows.show_inbox import search_inbox
from keepline.flows.show_message import show_message
from keepline.lines.models import Line
from tests import database
from tests.cast import NOW, assemble
from tests.conftest import FOLDER
from tests.flows.inboxes import arrives, numbered, reader

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
WAITS_S = 20


def found_in_files(word: str, folder: Path) -> bool:
    search = subprocess.run(
        ["grep", "-raqF", "-e", word, str(folder)], capture_output=True, check=False
    )
    return search.returncode == 0


def dumped() -> str:
    url = database.owner_url(FOLDER, connection.settings_dict["NAME"])
    program = installed().bin / "pg_dump"
    dump = subprocess.run([program, "-d", url], capture_output=True, text=True, check=True)
    return dump.stdout


def test_neither_files_nor_dumps_hold_what_was_said() -> None:
    stage = numbered(assemble())
    secret, sender, readable = (f"{word}{uuid4().hex}" for word in ("Geheim", "Absender", "Offen"))
    message_id = arrives(text=f"{secret} code 582914", sender=sender).message_id
    assert message_id
    Line.objects.filter(id=stage.line.id).update(label=readable[:60])
    search_inbox(reader(stage.account), None, secret, NOW)  # a search leaves no trace either
    shown = show_message(message_id, reader(stage.account), NOW)
    assert secret in shown.text

    dump = dumped()
    assert readable in dump
    assert secret not in dump
    assert sender not in dump

    if database.is_external():  # its files are elsewhere
        return
    folder = EmbeddedPostgres(FOLDER / "server").place.home
    until = time.monotonic() + WAITS_S
    while not found_in_files(readable, folder):  # written soon after the commit
        assert time.monotonic() < until, "the search is blind"
        time.sleep(0.5)
    assert not found_in_files(secret, folder)
    assert not found_in_files(sender[:30], folder)

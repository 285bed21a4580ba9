"""reseal_messages: a key is changed while messages arrive, and every one can be read throughout."""

import threading
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection

from keepline.audit.models import AuditEvent
from keepline.flows.receive_message import receive
from keepline.flows.reseal_messages import ACTION, reseal_messages
from keepline.flows.show_inbox import show_inbox
from keepline.messages import inbox_queries
from keepline.messages.inbox_models import ReceivedMessage
from keepline.messages.sealing import SealBroken, sealer
from tests.cast import NOW, Cast, assemble
from tests.flows.inboxes import arrives, numbered, reader, sms

OLD, NEW = "o" * 40, "n" * 40


def keys(*secrets: str) -> None:
    settings.ENV = replace(settings.ENV, message_keys=secrets)


@pytest.fixture(autouse=True)
def keys_as_they_were() -> object:
    before = settings.ENV
    yield
    settings.ENV = before


def all_texts(stage: Cast) -> list[str]:
    found = inbox_queries.all_messages_of(stage.account.id, None, NOW, 100)
    return [each.text for each in found if not each.lost]


@pytest.mark.django_db
def test_the_old_key_can_go() -> None:
    stage = numbered(assemble())
    keys(OLD)
    for number in range(7):
        arrives(text=f"text {number}")
    keys(NEW, OLD)
    arrives(text="text 7")
    assert reseal_messages("cli", NOW, batch=3) == 7
    assert AuditEvent.objects.get(action=ACTION).facts == {"rows": 7}
    keys(NEW)
    assert sorted(all_texts(stage)) == [f"text {n}" for n in range(8)]
    assert reseal_messages("cli", NOW) == 0
    keys(OLD)
    assert all_texts(stage) == []
    with pytest.raises(SealBroken):
        reseal_messages("cli", NOW)


@pytest.mark.django_db
def test_without_keys_of_its_own_the_secret_key_opens() -> None:
    stage = numbered(assemble())
    arrives(text="before there were keys")
    keys(NEW)
    assert all_texts(stage) == ["before there were keys"]
    reseal_messages("cli", NOW)
    assert ReceivedMessage.objects.get().key_id == sealer().key_id


@pytest.mark.django_db(transaction=True)
def test_messages_arrive_meanwhile_and_none_is_unreadable() -> None:
    stage = numbered(assemble())
    keys(OLD, NEW)  # every process knows the new one before any uses it
    for _ in range(60):
        arrives()
    stop, unread, kept = threading.Event(), [], []

    def gateway() -> None:
        try:
            while not stop.is_set():
                kept.append(receive(sms(), NOW).message_id)
        finally:
            connection.close()

    def person() -> None:
        try:
            while not stop.is_set():
                view = show_inbox(reader(stage.account), None, NOW)
                unread.extend(each.id for each in view.messages if each.lost)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for work in (gateway, gateway, person)]
    for thread in threads:
        thread.start()
    keys(NEW, OLD)
    for _ in range(3):
        reseal_messages("cli", NOW, batch=10)
    stop.set()
    for thread in threads:
        thread.join()
    reseal_messages("cli", NOW, batch=10)
    keys(NEW)
    assert unread == []
    assert len(kept) > 3
    assert None not in kept
    assert len(all_texts(stage)) == 60 + len(kept)

"""reseal: keys are changed while everybody writes, and everything can be read throughout."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.db import connection

from keepline.accounts.second_factor import SecondFactorAdapter
from keepline.audit.models import AuditEvent
from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.receive_message import receive
from keepline.flows.reseal import ACTION, COLUMNS, KINDS, Resealed, reseal
from keepline.flows.rotate_secret import rotate_secret
from keepline.flows.show_inbox import show_inbox
from keepline.gateways.messaging.push import Subscription
from keepline.inventory import queries as stock
from keepline.inventory.models import Card
from keepline.inventory.sealing import sealer as of_stock
from keepline.messages import browsers, endpoints, inbox_queries
from keepline.messages.heard_models import Heard
from keepline.messages.inbox_models import ReceivedMessage
from keepline.messages.sealing import sealer
from keepline.porting import codes
from keepline.porting.models import PortIn, PortOut
from tests.cast import NOW, Cast, assemble
from tests.flows.endpoints import connect, owner_of
from tests.flows.inboxes import arrives, numbered, reader, sms
from tests.inventory import shelves

OLD, NEW = "o" * 60, "n" * 60
URL = "https://partner.example/hook"


@pytest.fixture(autouse=True)
def keys_as_they_were() -> Iterator[None]:
    env, secret, former = settings.ENV, settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS
    yield
    settings.ENV, settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = env, secret, former


def secret_keys(first: str, *former: str) -> None:
    """For all that has no keys of its own. Threads see it at once."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = first, list(former)


def message_keys(*secrets: str) -> None:
    settings.ENV = replace(settings.ENV, message_keys=secrets)


def all_texts(stage: Cast) -> list[str]:
    found = inbox_queries.all_messages_of(stage.account.id, None, NOW, 100)
    return [each.text for each in found if not each.lost]


def total(found: Resealed) -> int:
    return sum(found.rows.values())


def test_every_column_that_is_sealed_is_known() -> None:
    sealed = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.name.startswith("sealed")
    }
    known = {(column.model, column.name) for column in COLUMNS.values()}
    assert sealed == known | {(ReceivedMessage, "sealed")}


def written(stage: Cast) -> dict[str, Any]:
    """One of each kind, under the keys in force."""
    connect()
    (iccid,) = shelves.cards(shelves.pool("plastic", "card"), 1)
    Card.objects.filter(iccid=iccid).update(sealed_codes=of_stock().seal(iccid, {"pin": "4711"}))
    endpoint, secret = add_endpoint(owner_of(stage), URL, "Shop", (), NOW)
    browsers.subscribe(stage.alice.pk, Subscription("https://push.example/1", "p", "a"), "FF", NOW)
    encrypted = SecondFactorAdapter().encrypt
    totp, codes_of = Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES
    Authenticator.objects.create(user=stage.alice, type=totp, data={"secret": encrypted("TOTP")})
    Authenticator.objects.create(
        user=stage.alice, type=codes_of, data={"seed": encrypted("SEED"), "used_mask": 5}
    )
    Authenticator.objects.create(
        user=stage.bob, type=codes_of, data={"migrated_codes": [encrypted("A"), encrypted("B")]}
    )
    port_id = uuid4()
    PortOut.objects.create(
        slot=stage.line.slot,
        id=port_id,
        account_id=stage.account.id,
        line_id=stage.line.id,
        e164=447700900123,
        sealed_code=codes.sealed(port_id, "K7QP-M2XD-9RTB"),
        asked_at=NOW,
        ready_at=NOW,
        valid_until=NOW,
        actor="user:1",
    )
    PortIn.objects.create(
        slot=stage.line.slot,
        id=port_id,
        account_id=stage.account.id,
        line_id=stage.line.id,
        order_id=port_id,
        e164=447700900124,
        sealed=codes.sealed_request(port_id, "ABC123456", "Ada"),
        wanted_at=NOW,
    )
    token = sealer().seal("part", {"to": "1", "sender": "2", "text": "a part"})
    Heard.objects.create(id="part", whole="w", reference="r", sealed=token, heard_at=NOW)
    arrives(text="a message")
    return {"iccid": iccid, "endpoint": endpoint.id, "secret": secret, "port": port_id}


def all_is_readable(stage: Cast, made: dict[str, Any]) -> bool:
    decrypt = SecondFactorAdapter().decrypt
    assert stock.codes_of(Card.objects.get(iccid=made["iccid"])) == {"pin": "4711"}
    endpoint = endpoints.find(made["endpoint"], stage.account.id)
    assert endpoint is not None
    assert [each.text for each in endpoint.secrets] == [made["secret"]]
    (browser,) = browsers.among([stage.alice.pk])[stage.alice.pk]
    assert browser.endpoint == "https://push.example/1"
    factors = {(row.user_id, row.type): row.data for row in Authenticator.objects.all()}
    assert decrypt(factors[stage.alice.pk, "totp"]["secret"]) == "TOTP"
    recovery = factors[stage.alice.pk, "recovery_codes"]
    assert (decrypt(recovery["seed"]), recovery["used_mask"]) == ("SEED", 5)
    migrated = factors[stage.bob.pk, "recovery_codes"]["migrated_codes"]
    assert [decrypt(each) for each in migrated] == ["A", "B"]
    row = PortOut.objects.get(id=made["port"])
    assert codes.opened(row.id, row.sealed_code) == "K7QP-M2XD-9RTB"
    coming = PortIn.objects.get(id=made["port"])
    assert codes.opened_request(coming.id, coming.sealed) == ("ABC123456", "Ada")
    assert sealer().open("part", Heard.objects.get().sealed)["text"] == "a part"
    return all_texts(stage) == ["a message"]


@pytest.mark.books_broken  # its way out leads nowhere
@pytest.mark.django_db
def test_the_old_secret_key_can_go() -> None:
    stage = numbered(assemble())
    secret_keys(OLD)
    made = written(stage)
    secret_keys(NEW, OLD)
    assert all_is_readable(stage, made)
    found = reseal("cli", NOW, batch=2)
    assert found.rows == {name: 3 if name == "second factors" else 1 for name in KINDS} | {
        "codes of eSIM profiles": 0
    }
    assert not any(found.broken.values())
    assert AuditEvent.objects.get(action=ACTION).facts["rows"] == dict(found.rows)
    secret_keys(NEW)
    assert all_is_readable(stage, made)
    assert total(reseal("cli", NOW)) == 0


@pytest.mark.books_broken
@pytest.mark.django_db
def test_what_no_key_opens_is_left_and_named() -> None:
    stage = numbered(assemble())
    secret_keys(OLD)
    made = written(stage)
    secret_keys(NEW)
    found = reseal("cli", NOW)
    assert total(found) == 0
    assert found.broken["secrets of endpoints"] == found.broken["received messages"] == 1
    assert found.broken["second factors"] == 3
    secret_keys(NEW, OLD)
    assert total(reseal("cli", NOW)) == len(KINDS) + 1
    assert all_is_readable(stage, made)


@pytest.mark.django_db
def test_kinds_with_keys_of_their_own_leave_the_secret_key() -> None:
    stage = numbered(assemble())
    arrives(text="before there were keys")
    message_keys(NEW)
    assert all_texts(stage) == ["before there were keys"]
    assert reseal("cli", NOW).rows["received messages"] == 1
    assert ReceivedMessage.objects.get().key_id == sealer().key_id
    secret_keys(OLD)
    assert all_texts(stage) == ["before there were keys"]


@pytest.mark.django_db
def test_a_message_that_is_repeated_over_the_change_arrives_once() -> None:
    stage = numbered(assemble())
    secret_keys(OLD)
    message = sms()
    assert receive(message, NOW).message_id is not None
    secret_keys(NEW, OLD)
    assert receive(message, NOW).message_id is None
    assert len(all_texts(stage)) == 1


@contextmanager
def busy(*acts: Callable[[], None]) -> Iterator[list[Exception]]:
    """Each act goes on in a thread of its own; what failed."""
    stop, failed = threading.Event(), list[Exception]()

    def work(act: Callable[[], None]) -> None:
        try:
            while not stop.is_set():
                act()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield failed
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.django_db(transaction=True)
def test_others_write_meanwhile_and_nothing_is_unreadable() -> None:
    stage = numbered(assemble())
    connect()
    secret_keys(OLD, NEW)  # every process knows the new one before any uses it
    owner = owner_of(stage)
    ids = [add_endpoint(owner, f"{URL}/{n}", "Shop", (), NOW)[0].id for n in range(5)]
    for _ in range(40):
        arrives()
    lost, kept = list[UUID](), list[UUID | None]()

    def gateway() -> None:
        kept.append(receive(sms(), NOW).message_id)

    def person() -> None:
        lost.extend(m.id for m in show_inbox(reader(stage.account), None, NOW).messages if m.lost)

    def program() -> None:
        for endpoint_id in ids:
            rotate_secret(owner, endpoint_id, NOW)
            assert endpoints.find(endpoint_id, stage.account.id) is not None

    with busy(gateway, person, program) as failed:
        secret_keys(NEW, OLD)
        for _ in range(3):
            reseal("cli", NOW, batch=10)
    reseal("cli", NOW, batch=10)
    secret_keys(NEW)
    assert (failed, lost) == ([], [])
    assert None not in kept
    assert len(all_texts(stage)) == min(100, 40 + len(kept))
    opened = endpoints.of_account(stage.account.id)
    assert [each.id for each in opened] == ids
    assert all(each.secrets for each in opened)

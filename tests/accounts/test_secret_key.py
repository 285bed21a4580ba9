"""The secret key is changed: who is signed in stays so, and what was signed is believed."""

import pytest
from django.test import Client

from keepline.core.telling import Topic
from keepline.flows.telling import passes
from keepline.messages.preferences import recipient_of
from tests.cast import assemble
from tests.sessions import signed_in

OLD, NEW = "o" * 60, "n" * 60
pytestmark = pytest.mark.django_db


def become(settings: object, first: str, *former: str) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = first, list(former)  # type: ignore[attr-defined]


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_sessions_live_through_it(settings: object) -> None:
    assemble()
    become(settings, OLD)
    early = signed_in("alice@example.com")
    become(settings, OLD, NEW)
    assert is_in(early)
    become(settings, NEW, OLD)
    late = signed_in("alice@example.com")
    assert is_in(early)
    assert is_in(late)
    become(settings, NEW)
    assert is_in(late)
    assert is_in(early), "it was signed anew when it was used"


def test_without_the_old_key_everybody_signs_in_anew(settings: object) -> None:
    assemble()
    become(settings, OLD)
    client = signed_in("alice@example.com")
    become(settings, NEW)
    assert not is_in(client)


def test_passes_in_letters_go_on(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = assemble().alice
    become(settings, OLD)
    monkeypatch.setattr(passes, "SIGNER", passes.SIGNER.__class__(salt=passes.SIGNER.salt, sep="."))
    made = passes.unsubscribe_pass(recipient_of(alice.pk), Topic.REMINDERS)
    for keys, opens in (((NEW, OLD), True), ((NEW,), False)):
        become(settings, *keys)
        fresh = passes.SIGNER.__class__(salt=passes.SIGNER.salt, sep=".")
        monkeypatch.setattr(passes, "SIGNER", fresh)
        assert (Client().get(f"/unsubscribe/{made}/").content.find(b"opens nothing") < 0) is opens

"""save_method: what a provider keeps is asked of the provider, once; cards are not tried here."""

from datetime import timedelta
from uuid import uuid4

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows import save_method
from keepline.flows.errors import FlowRefused
from keepline.flows.save_method import ACTION, PAGE_OPEN_FOR
from keepline.payments import methods
from keepline.payments.models import SavedMethod
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.saved import VISA, kept, saved, saving

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return assemble()


def row_of(cast: Cast) -> SavedMethod:
    row: SavedMethod = SavedMethod.objects.get(account_id=cast.account.id)
    return row


def test_what_the_provider_keeps_is_kept(cast: Cast, provider: FakeProvider) -> None:
    method_id, address = save_method.start(saving(cast), NOW)
    assert address == provider.storings[method_id].checkout_url
    assert save_method.settle(method_id, cast.account.id, NOW) == "storing"
    assert methods.methods_of(cast.account.id) == []  # nothing to charge yet
    provider.store(method_id, kept())
    assert save_method.settle(method_id, cast.account.id, NOW) == "stored"
    assert save_method.settle(method_id, cast.account.id, NOW) == "stored"
    row = row_of(cast)
    assert (row.label, row.provider_method_id, row.next_action_at) == (VISA, "pm_1", None)
    assert row.checkout_url == ""
    events = AuditEvent.objects.filter(action=ACTION)
    assert [event.subject_id for event in events] == [method_id]  # once


def test_a_silent_provider_is_asked_again(cast: Cast, provider: FakeProvider) -> None:
    provider.silent = 1
    method_id, address = save_method.start(saving(cast), NOW)
    assert address is None
    provider.store(method_id, kept())  # its page was found all the same
    assert methods.claim_due(NOW, 10) == []
    later = NOW + save_method.FIRST_LOOK_AFTER
    assert methods.claim_due(later, 10) == [(method_id, cast.account.id)]
    provider.silent = 1
    assert save_method.settle(method_id, cast.account.id, later) == "storing"
    assert methods.claim_due(later + methods.LEASE, 10) == [], "after a pause"
    assert save_method.settle(method_id, cast.account.id, later) == "stored"


def test_a_page_that_nobody_comes_back_from_is_given_up(cast: Cast) -> None:
    save_method.start(saving(cast), NOW)
    looks = []
    for minute in range(0, 60 * 30, 10):
        at = NOW + timedelta(minutes=minute)
        for row_id, account_id in methods.claim_due(at, 10):
            looks.append(at)
            assert save_method.settle(row_id, account_id, at) in ("storing", "abandoned")
    assert NOW + PAGE_OPEN_FOR <= looks[-1] < NOW + PAGE_OPEN_FOR + timedelta(hours=2)
    assert len(looks) < 40  # at growing pauses
    assert row_of(cast).state == "abandoned"
    assert row_of(cast).next_action_at is None


def test_a_declined_page_leaves_nothing(cast: Cast, provider: FakeProvider) -> None:
    method_id, _ = save_method.start(saving(cast), NOW)
    provider.storings[method_id] = type(provider.storings[method_id])("declined", "sto", "")
    assert save_method.settle(method_id, cast.account.id, NOW) == "abandoned"
    assert methods.methods_of(cast.account.id) == []


def test_anothers_method_is_not_there(cast: Cast, provider: FakeProvider) -> None:
    method_id = saved(cast, provider)
    with pytest.raises(FlowRefused, match="not_found"):
        save_method.settle(method_id, cast.other_account.id, NOW)
    with pytest.raises(FlowRefused, match="not_found"):
        save_method.settle(uuid4(), cast.account.id, NOW)


def test_a_provider_that_keeps_nothing_is_not_offered(cast: Cast, provider: FakeProvider) -> None:
    provider.stores_methods = False
    with pytest.raises(FlowRefused, match="provider_unknown"):
        save_method.start(saving(cast), NOW)
    assert not SavedMethod.objects.exists()


def test_cards_are_not_tried_here(cast: Cast) -> None:
    """Saving is an attempt like paying: the account's limit stands against the eleventh."""
    refused = None
    for minute in range(20):
        try:
            save_method.start(saving(cast), NOW + timedelta(minutes=minute))
        except FlowRefused as error:
            refused = error
            break
    assert refused is not None
    assert refused.code == "payments_paused"
    assert SavedMethod.objects.count() == minute < 11

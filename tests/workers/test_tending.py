"""Saved methods whose provider owes an answer are looked at, whatever stands before them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from keepline.flows import save_method
from keepline.gateways import switchboard
from keepline.payments import methods
from keepline.payments.models import SavedMethod
from keepline.workers import due, hands
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.limits import hardly_any
from tests.one_by_one import OneByOne
from tests.saved import kept, saving

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + save_method.FIRST_LOOK_AFTER


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeProvider]:
    monkeypatch.setattr(hands, "pool", OneByOne)
    before, provider = dict(switchboard._factories), FakeProvider()
    switchboard.connect("payments:sandbox", lambda: provider)
    with hardly_any():
        yield provider
    for port, factory in before.items():
        switchboard.connect(port, factory)


def stored_meanwhile(cast: Cast, provider: FakeProvider) -> SavedMethod:
    """The provider keeps it; nobody came back to say so."""
    method_id, _page = save_method.start(saving(cast), NOW)
    provider.store(method_id, kept())
    return SavedMethod.objects.by_id(method_id)


def test_methods_of_a_provider_that_is_no_more_stop_no_others(provider: FakeProvider) -> None:
    cast = assemble()
    long_ago = NOW - timedelta(days=1)
    for _ in range(due.METHODS_A_BATCH + 1):
        methods.begin(cast.account.id, "removed", long_ago, long_ago)
    method = stored_meanwhile(cast, provider)
    assert due.tend_methods(lambda: LATER) == due.METHODS_A_BATCH + 2
    method.refresh_from_db()
    assert method.state == "stored"


def test_what_a_worker_left_comes_again_behind_what_waits(provider: FakeProvider) -> None:
    cast = assemble()
    left = methods.begin(cast.account.id, "removed", NOW, NOW)
    assert methods.claim_due(NOW, 1) == [(left.id, cast.account.id)]
    assert methods.claim_due(NOW, 1) == [], "another worker has it"
    waiting = methods.begin(cast.account.id, "removed", NOW, NOW + timedelta(seconds=1))
    again = NOW + methods.LEASE
    assert methods.claim_due(again, 1) == [(waiting.id, cast.account.id)]
    assert methods.claim_due(again, 1) == [(left.id, cast.account.id)]

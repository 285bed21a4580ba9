"""forget_method: at once here, for certain there; nothing is charged after it."""

from datetime import timedelta

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows.errors import FlowRefused
from keepline.flows.forget_method import ACTION, forget, tell_provider
from keepline.lines.models import Line
from keepline.payments import methods
from keepline.payments.models import SavedMethod
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.saved import charged_for, saved

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return assemble()


def test_it_is_gone_here_and_there(cast: Cast, provider: FakeProvider) -> None:
    method_id = saved(cast, provider)
    charged_for(cast, method_id)
    forget(method_id, cast.account.id, "user:1", NOW)
    row = SavedMethod.objects.by_id(method_id)
    assert (row.state, row.label, row.next_action_at) == ("forgotten", "", None)
    assert provider.forgotten == {f"pm_{method_id.hex[-8:]}"}
    assert Line.objects.by_id(cast.line.id).method_id is None
    assert methods.methods_of(cast.account.id) == []
    forget(method_id, cast.account.id, "user:1", NOW)  # twice is one act
    events = AuditEvent.objects.filter(action=ACTION)
    assert [event.facts["lines"] for event in events] == [1]


def test_a_silent_provider_is_told_again(cast: Cast, provider: FakeProvider) -> None:
    method_id = saved(cast, provider)
    charged_for(cast, method_id)
    provider.silent = 1
    forget(method_id, cast.account.id, "user:1", NOW)
    assert SavedMethod.objects.by_id(method_id).state == "forgetting"
    assert Line.objects.by_id(cast.line.id).method_id is None  # here it counts at once
    assert methods.claim_due(NOW, 10) == []
    later = NOW + timedelta(minutes=1)
    assert methods.claim_due(later, 10) == [(method_id, cast.account.id)]
    tell_provider(method_id, cast.account.id, later)
    assert SavedMethod.objects.by_id(method_id).state == "forgotten"


def test_anothers_method_is_not_there(cast: Cast, provider: FakeProvider) -> None:
    method_id = saved(cast, provider)
    with pytest.raises(FlowRefused, match="not_found"):
        forget(method_id, cast.other_account.id, "user:3", NOW)
    assert SavedMethod.objects.by_id(method_id).state == "stored"
    assert provider.forgotten == set()

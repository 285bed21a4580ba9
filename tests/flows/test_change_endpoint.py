"""change_endpoint: what is given, nothing else, and only by its owner."""

from datetime import timedelta

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.change_endpoint import change_endpoint
from keepline.flows.errors import FlowRefused
from keepline.messages import endpoints
from tests.cast import NOW, Cast, assemble
from tests.flows.endpoints import OPERATOR, connect, owner_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    connect()
    return assemble()


def test_name_events_and_the_switch(cast: Cast) -> None:
    owner = owner_of(cast)
    made, _ = add_endpoint(owner, "http://localhost:1/", "Shop", [], NOW)
    change_endpoint(owner, made.id, NOW, name="Till", kinds=["line.renewed"], on=False)
    changed = owner.endpoint(made.id)
    assert (changed.name, changed.kinds) == ("Till", {"line.renewed"})
    assert (changed.is_on, changed.off_reason) == (False, "asked")
    endpoints.note_failure(made.id, NOW)
    change_endpoint(owner, made.id, NOW + timedelta(days=1), on=True)
    again = owner.endpoint(made.id)
    assert (again.is_on, again.off_reason, again.failing_since) == (True, "", None)
    assert again.name == "Till"


def test_what_is_as_it_was_writes_nothing(cast: Cast) -> None:
    made, _ = add_endpoint(owner_of(cast), "http://localhost:1/", "Shop", ["line.renewed"], NOW)
    change_endpoint(owner_of(cast), made.id, NOW, name=" Shop", kinds=["line.renewed"] * 2, on=True)
    assert not AuditEvent.objects.filter(action="endpoint.changed").exists()


def test_a_strangers_is_not_there(cast: Cast) -> None:
    made, _ = add_endpoint(owner_of(cast), "http://localhost:1/", "", [], NOW)
    for owner in (OPERATOR, type(OPERATOR)(cast.other_account.id, "user:3")):
        with pytest.raises(FlowRefused, match="not_found"):
            change_endpoint(owner, made.id, NOW, on=False)
    assert owner_of(cast).endpoint(made.id).is_on


def test_what_is_refused_changes_nothing(cast: Cast) -> None:
    made, _ = add_endpoint(owner_of(cast), "http://localhost:1/", "", [], NOW)
    with pytest.raises(FlowRefused, match="event_unknown"):
        change_endpoint(owner_of(cast), made.id, NOW, name="New", kinds=["no.such"])
    assert owner_of(cast).endpoint(made.id).name == ""

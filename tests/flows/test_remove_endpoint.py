"""remove_endpoint: gone with its secrets, and only by its owner."""

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.errors import FlowRefused
from keepline.flows.remove_endpoint import remove_endpoint
from keepline.messages.models import WebhookEndpoint
from tests.cast import NOW, assemble
from tests.flows.endpoints import OPERATOR, connect, owner_of

pytestmark = pytest.mark.django_db


def test_it_is_gone_once() -> None:
    connect()
    cast = assemble()
    made, _ = add_endpoint(owner_of(cast), "http://localhost:1/", "", [], NOW)
    with pytest.raises(FlowRefused, match="not_found"):
        remove_endpoint(OPERATOR, made.id, NOW)
    remove_endpoint(owner_of(cast), made.id, NOW)
    assert WebhookEndpoint.objects.count() == 0
    with pytest.raises(FlowRefused, match="not_found"):
        remove_endpoint(owner_of(cast), made.id, NOW)
    assert AuditEvent.objects.filter(action="endpoint.removed").count() == 1

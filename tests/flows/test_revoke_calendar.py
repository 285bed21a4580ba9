"""revoke_calendar: at once, and only one's own."""

import pytest

from keepline.accounts import feeds
from keepline.audit.models import AuditEvent
from keepline.flows.renew_calendar import renew_calendar
from keepline.flows.revoke_calendar import revoke_calendar
from tests.cast import NOW, account, person

pytestmark = pytest.mark.django_db


def test_it_opens_nothing_any_more() -> None:
    dora, eve = person("dora"), person("eve")
    own, other = account(dora), account(eve)
    secret = renew_calendar(dora.pk, own.id, NOW)
    assert not revoke_calendar(eve.pk, own.id, NOW)
    assert not revoke_calendar(dora.pk, other.id, NOW)
    assert feeds.holder_by(secret) is not None
    assert revoke_calendar(dora.pk, own.id, NOW)
    assert feeds.holder_by(secret) is None
    assert not revoke_calendar(dora.pk, own.id, NOW)
    assert AuditEvent.objects.filter(action="calendar.revoked").count() == 1

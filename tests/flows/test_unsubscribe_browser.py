"""unsubscribe_browser: by place or by address, and only one's own."""

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows.subscribe_browser import subscribe_browser
from keepline.flows.unsubscribe_browser import unsubscribe_browser
from keepline.gateways import switchboard
from keepline.messages.models import PushSubscription
from tests.cast import NOW, account, person
from tests.gateways.test_web_push import ENDPOINT, Browser, channel

pytestmark = pytest.mark.django_db


def test_once_and_only_ones_own() -> None:
    switchboard.connect("push", channel)
    dora, eve = person("dora"), person("eve")
    own = account(dora).id
    subscribe_browser(dora.pk, own, **Browser().given(ENDPOINT), user_agent="", now=NOW)
    row = PushSubscription.objects.get()
    for stranger in ({"browser_id": row.pk}, {"endpoint": ENDPOINT}):
        assert not unsubscribe_browser(eve.pk, account(eve).id, NOW, **stranger)
    assert unsubscribe_browser(dora.pk, own, NOW, endpoint=ENDPOINT)
    assert not unsubscribe_browser(dora.pk, own, NOW, browser_id=row.pk)
    assert AuditEvent.objects.filter(action="browser.unsubscribed").count() == 1

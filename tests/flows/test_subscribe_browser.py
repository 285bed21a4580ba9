"""subscribe_browser: refused without a key, and what it writes; tests/portal has the rest."""

import pytest

from keepline.flows.errors import FlowRefused
from keepline.flows.subscribe_browser import push_key, subscribe_browser
from keepline.gateways import switchboard
from keepline.messages.models import PushSubscription
from tests.cast import NOW, account, person
from tests.gateways.test_web_push import ENDPOINT, Browser, channel

pytestmark = pytest.mark.django_db


def test_it_is_kept_and_the_key_is_told() -> None:
    switchboard.connect("push", channel)
    dora = person("dora")
    subscribe_browser(
        dora.pk, account(dora).id, **Browser().given(ENDPOINT), user_agent="x" * 999, now=NOW
    )
    assert push_key() == channel().public_key
    assert len(PushSubscription.objects.get(user=dora).browser) == 200


def test_without_web_push_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchboard, "has", lambda port: False)
    dora = person("dora")
    own = account(dora).id
    with pytest.raises(FlowRefused, match="push_unavailable"):
        subscribe_browser(dora.pk, own, **Browser().given(ENDPOINT), user_agent="", now=NOW)
    assert push_key() == ""
    assert PushSubscription.objects.count() == 0

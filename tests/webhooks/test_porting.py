"""POST /webhooks/porting/: heard, and no more than a reason to ask."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from keepline.gateways.porting.bridge.callbacks import CHANGED
from keepline.webhooks import porting
from tests.gateways.sms_gateway_process import SECRET
from tests.webhooks.callbacks import poster

pytestmark = pytest.mark.django_db
PORT, post = uuid4(), poster("/webhooks/porting/")


@pytest.fixture
def heard(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    settings.ENV = replace(settings.ENV, porting_secrets=(SECRET,))
    found: list[UUID] = []
    monkeypatch.setattr(porting, "hear", lambda port_id, now: found.append(port_id))
    return found


def test_it_is_heard(heard: list[UUID]) -> None:
    assert post(CHANGED, id=str(PORT), state="ported") == 204
    assert heard == [PORT]


@pytest.mark.parametrize("data", [{}, {"id": "7"}, {"id": 7}, {"id": None}])
def test_what_says_nothing(heard: list[UUID], data: dict[str, Any]) -> None:
    assert post(CHANGED, **data) == 400
    assert post(raw='{"type": "port.changed", "data": null}') == 400
    assert heard == []

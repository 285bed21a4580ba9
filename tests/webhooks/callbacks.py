"""Callbacks as a mail service, an SMS gateway and a bridge sign them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from keepline.gateways.signed import Signer
from tests.gateways.sms_gateway_process import SECRET

Post = Callable[..., int]


def poster(address: str, hidden: str = "") -> Post:
    """post(kind, **data): the status of the answer, in which `hidden` must not stand. A `raw`
    takes the place of both."""

    def post(
        kind: str = "",
        secret: str = SECRET,
        at: datetime | None = None,
        raw: str = "",
        **data: Any,
    ) -> int:
        told = raw or json.dumps({"type": kind, "data": data})
        headers = Signer([secret]).headers("cb_1", told, at or datetime.now(UTC))
        client = Client(enforce_csrf_checks=True)
        answer = client.post(address, told, content_type="application/json", headers=headers)
        assert not hidden or hidden not in answer.content.decode()
        return answer.status_code

    return post

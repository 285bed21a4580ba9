"""POST /webhooks/porting/: the clearing house's bridge tells that a porting changed.

docs/gateways/porting.md is the contract. Nothing that it says is taken over: it is asked. 404 where
no secret is set.
"""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from keepline.flows.hear_of_port import hear
from keepline.gateways.porting.bridge.callbacks import read_callback
from keepline.webhooks.signed import entrance


def _hear(headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    port_id = read_callback(headers, body, settings.ENV.porting_secrets, now)
    if port_id is not None:
        hear(port_id, now)


receive = entrance("porting", lambda: settings.ENV.porting_secrets, _hear)

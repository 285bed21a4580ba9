"""POST /webhooks/mail/: what a mail service tells of mails that came back.

docs/messages.md is the contract. 404 where no secret is set.
"""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from keepline.flows import take_bounce
from keepline.gateways.messaging.bounce_callbacks import read_bounced
from keepline.webhooks.signed import entrance


def _hear(headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    bounce = read_bounced(headers, body, settings.ENV.bounce_secrets, now)
    if bounce is not None:
        take_bounce.take(bounce, now)


receive = entrance("bounce", lambda: settings.ENV.bounce_secrets, _hear)

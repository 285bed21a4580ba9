"""What the SMSC hands over to this worker's session. docs/gateways/smpp.md"""

from collections.abc import Sequence

import structlog
from django.db import close_old_connections
from django.utils import timezone

from keepline.flows.take_sms import take
from keepline.gateways import switchboard
from keepline.gateways.messaging.inbound import Arrived

log = structlog.get_logger(__name__)


def listen() -> None:
    """From now on, where SMS go through an SMSC; each worker has a session of its own."""
    if switchboard.has("sms"):
        switchboard.sms().listen(_take)


def leave() -> None:
    """Says good-bye: what was taken is acknowledged, what comes goes to another worker."""
    if switchboard.has("sms"):
        switchboard.sms().close()


def _take(arrived: Sequence[Arrived]) -> None:
    """In the channel's thread. What it raises is not acknowledged and comes again."""
    close_old_connections()
    try:
        take(arrived, timezone.now())
    except Exception as error:
        # No traceback: what a statement was given stands in it.
        log.error("sms_not_taken", how_many=len(arrived), error=type(error).__name__)
        raise

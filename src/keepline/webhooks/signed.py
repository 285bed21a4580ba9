"""The entrance at which others tell us something by signed HTTP: mail services, gateways, bridges.

What cannot be believed is refused unread.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from keepline.flows.errors import FlowRefused
from keepline.gateways.identity.port import CallbackRefused
from keepline.gateways.signed import LIMIT_BYTES, NotBelieved
from keepline.gateways.told import NotReadable

TAKEN, BAD_REQUEST, FORBIDDEN, NOT_FOUND, TOO_LARGE, LATER = 204, 400, 403, 404, 413, 503
log = structlog.get_logger(__name__)

Hear = Callable[[Mapping[str, str], bytes, datetime], object]


def entrance(whose: str, is_open: Callable[[], object], hear: Hear) -> Callable[..., HttpResponse]:
    """The view. `hear(headers, body, now)` believes, reads and takes what is told, and the same
    again without changing anything. `whose`: for the log."""
    refused_event = f"{whose}_callback_refused"

    @csrf_exempt  # the signature stands in for it
    @require_POST
    def receive(request: HttpRequest) -> HttpResponse:
        """204 when taken (again), or nothing of ours; 400 with the field that cannot be read; 403
        when it is not believed; 404 where this entrance is not open; 503 when it is to be told
        again."""
        if not is_open():
            return HttpResponse(status=NOT_FOUND)
        if len(request.body) > LIMIT_BYTES:
            return HttpResponse(status=TOO_LARGE)
        try:
            hear(dict(request.headers), request.body, timezone.now())
        except (NotBelieved, CallbackRefused) as refused:
            log.warning(refused_event, why=str(refused))
            return _said("not believed", FORBIDDEN)
        except NotReadable as field:
            return _said(str(field), BAD_REQUEST)
        except FlowRefused as refused:
            return _said(refused.code, LATER)
        return HttpResponse(status=TAKEN)

    return receive


def _said(word: str, status: int) -> HttpResponse:
    return HttpResponse(word, status=status, content_type="text/plain")

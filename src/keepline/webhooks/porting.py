"""POST /webhooks/porting/: the clearing house's bridge tells that a porting changed.

docs/gateways/porting.md is the contract. Nothing that it says is taken over: it is asked.
"""

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from keepline.flows.hear_of_port import hear
from keepline.gateways.porting.bridge.callbacks import NotBelieved, NotReadable, read_callback
from keepline.gateways.signed import LIMIT_BYTES

TAKEN, BAD_REQUEST, FORBIDDEN, NOT_FOUND, TOO_LARGE = 204, 400, 403, 404, 413
log = structlog.get_logger(__name__)


@csrf_exempt  # the signature stands in for it
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """204 when heard, 400 with the field that cannot be read, 403 for a wrong signature or an old
    one, 404 where no secret is set."""
    secrets = settings.ENV.porting_secrets
    if not secrets:
        return HttpResponse(status=NOT_FOUND)
    if len(request.body) > LIMIT_BYTES:
        return HttpResponse(status=TOO_LARGE)
    now = timezone.now()
    try:
        port_id = read_callback(dict(request.headers), request.body, secrets, now)
        if port_id is not None:
            hear(port_id, now)
    except NotBelieved as refused:
        log.warning("porting_callback_refused", why=str(refused))
        return HttpResponse("signature refused", status=FORBIDDEN, content_type="text/plain")
    except NotReadable as field:
        return HttpResponse(str(field), status=BAD_REQUEST, content_type="text/plain")
    return HttpResponse(status=TAKEN)

"""POST /webhooks/identity/: the identity provider tells what a check came to.

docs/gateways/identity.md is the contract. What cannot be believed is refused.
"""

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from keepline.flows.check_identity import hear
from keepline.gateways import switchboard
from keepline.gateways.identity.port import CallbackRefused
from keepline.gateways.signed import LIMIT_BYTES

TAKEN, FORBIDDEN, NOT_FOUND, TOO_LARGE = 204, 403, 404, 413
log = structlog.get_logger(__name__)


@csrf_exempt  # the signature stands in for it
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """204 when heard, also when it was known or nobody waits for it; 403 when it is not believed;
    404 where no provider is connected."""
    if not switchboard.has("identity"):
        return HttpResponse(status=NOT_FOUND)
    if len(request.body) > LIMIT_BYTES:
        return HttpResponse(status=TOO_LARGE)
    try:
        hear(dict(request.headers), request.body, timezone.now())
    except CallbackRefused as refused:
        log.warning("identity_callback_refused", why=str(refused))
        return HttpResponse("not believed", status=FORBIDDEN, content_type="text/plain")
    return HttpResponse(status=TAKEN)

"""POST /webhooks/mail/: what a mail service tells of mails that came back.

docs/messages.md is the contract. What cannot be believed is refused unread.
"""

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from keepline.flows import take_bounce
from keepline.flows.errors import FlowRefused
from keepline.gateways.messaging.bounce_callbacks import read_bounced
from keepline.gateways.signed import LIMIT_BYTES, NotBelieved
from keepline.gateways.told import NotReadable

TAKEN, BAD_REQUEST, FORBIDDEN, NOT_FOUND, TOO_LARGE, LATER = 204, 400, 403, 404, 413, 503
log = structlog.get_logger(__name__)


@csrf_exempt  # the signature stands in for it
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """204 when noted, or nothing of ours; 400 with the field that cannot be read; 403 for a wrong
    signature.

    503 when it is to be told again; 404 where no secret is set.
    """
    secrets = settings.ENV.bounce_secrets
    if not secrets:
        return HttpResponse(status=NOT_FOUND)
    if len(request.body) > LIMIT_BYTES:
        return HttpResponse(status=TOO_LARGE)
    now = timezone.now()
    try:
        bounce = read_bounced(dict(request.headers), request.body, secrets, now)
        if bounce is not None:
            take_bounce.take(bounce, now)
    except NotBelieved as refused:
        log.warning("bounce_callback_refused", why=str(refused))
        return HttpResponse("signature refused", status=FORBIDDEN, content_type="text/plain")
    except NotReadable as field:
        return HttpResponse(str(field), status=BAD_REQUEST, content_type="text/plain")
    except FlowRefused as refused:
        return HttpResponse(refused.code, status=LATER, content_type="text/plain")
    return HttpResponse(status=TAKEN)

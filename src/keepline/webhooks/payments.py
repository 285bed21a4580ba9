"""POST /webhooks/payments/PROVIDER/: verified, stored raw, answered; a worker does the rest."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from keepline.flows.errors import FlowRefused
from keepline.flows.receive_webhook import receive_webhook
from keepline.gateways import switchboard
from keepline.gateways.payments.port import ProviderUnknown, SignatureRefused

LARGEST_BODY = 256 * 1024


@csrf_exempt  # the signature stands in for it
@require_POST
def receive(request: HttpRequest, provider: str) -> HttpResponse:
    """200 when stored (again), 400 when the signature or the body is not to be believed.

    503 when whose payment it is had to be asked for, and nobody answered: it is sent again.
    """
    if len(request.body) > LARGEST_BODY:
        return HttpResponse(status=413)
    try:
        receive_webhook(provider, dict(request.headers), request.body, timezone.now())
    except SignatureRefused:
        return HttpResponse("signature refused", status=400, content_type="text/plain")
    except ProviderUnknown:
        return HttpResponse("ask again", status=503, content_type="text/plain")
    except FlowRefused as refused:
        return HttpResponse(refused.code, status=404, content_type="text/plain")
    answer = switchboard.payments(provider).acknowledgement
    return HttpResponse(answer, content_type="text/plain")

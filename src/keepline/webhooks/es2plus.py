"""POST /gsma/rsp2/es2plus/handleDownloadProgressInfo: the SM-DP+ tells how far a phone has come.

TLS ends at the operator's proxy, which tells by two headers whose certificate it has verified
(docs/gateways/es2plus.md). What is not from the SM-DP+ is refused before its body is read.
"""

import hmac
from collections.abc import Callable
from datetime import datetime

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from keepline.gateways.esim.es2plus.progress import read_progress
from keepline.gateways.esim.es2plus.reading import Unreadable
from keepline.gateways.esim.es2plus.wire import ADMIN_PROTOCOL, LARGEST_BODY
from keepline.gateways.esim.port import DownloadProgress

SUBJECT_HEADER, SECRET_HEADER = "X-Smdp-Subject", "X-Smdp-Secret"
NO_CONTENT, BAD_REQUEST, FORBIDDEN, NOT_FOUND, TOO_LARGE = 204, 400, 403, 404, 413
log = structlog.get_logger(__name__)

Receive = Callable[[DownloadProgress, datetime], object]
CountRefusal = Callable[[datetime], object]


def entrance(receive: Receive, count_refusal: CountRefusal) -> Callable[..., HttpResponse]:
    """The view. `receive(progress, now)` takes a notification, and the same one (`progress.key`)
    again without changing anything; what it raises is a 500, and the SM-DP+ may come again.
    `count_refusal(now)` counts a caller who was not believed.
    """

    @csrf_exempt  # certificate and secret stand in for it
    @require_POST
    def handle_download_progress_info(request: HttpRequest) -> HttpResponse:
        """204 when told, 400 with a word when unreadable, 403 when not from the SM-DP+."""
        if not settings.ENV.smdp_callback_secret:
            return HttpResponse(status=NOT_FOUND)
        now = timezone.now()
        if not _from_smdp(request):
            log.warning("smdp_callback_refused")
            count_refusal(now)
            return HttpResponse(status=FORBIDDEN)
        if len(request.body) > LARGEST_BODY:
            return HttpResponse(status=TOO_LARGE)
        try:
            progress = read_progress(request.body)
        except Unreadable as unreadable:
            log.warning("smdp_callback_unreadable", field=unreadable.field)
            return HttpResponse(unreadable.field, status=BAD_REQUEST, content_type="text/plain")
        receive(progress, now)
        return HttpResponse(status=NO_CONTENT, headers={"X-Admin-Protocol": ADMIN_PROTOCOL})

    return handle_download_progress_info


def _from_smdp(request: HttpRequest) -> bool:
    """Whether the proxy says that it has verified the SM-DP+'s certificate."""
    expected = (
        (SUBJECT_HEADER, settings.ENV.smdp_callback_subject),
        (SECRET_HEADER, settings.ENV.smdp_callback_secret),
    )
    # Both are compared whatever the first says, so that time tells nothing.
    right = [
        hmac.compare_digest(
            request.headers.get(name, "").encode("latin-1", "replace"), value.encode()
        )
        for name, value in expected
    ]
    return all(right)

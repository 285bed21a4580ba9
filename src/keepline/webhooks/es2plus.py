"""POST /gsma/rsp2/es2plus/handleDownloadProgressInfo: the SM-DP+ tells how far a phone has come.

TLS ends at the operator's proxy, which tells by two headers whose certificate it has verified
(docs/gateways/es2plus.md). What is not from an SM-DP+ is refused before its body is read. Carriers'
own SM-DP+s have subjects and secrets of their own, and speak of their carriers' profiles alone.
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
USUAL = ""  # the SM-DP+ of all carriers that have none with a subject of its own
NO_CONTENT, BAD_REQUEST, FORBIDDEN, NOT_FOUND, TOO_LARGE = 204, 400, 403, 404, 413
log = structlog.get_logger(__name__)

SpeaksFor = Callable[[str], bool]  # whether the caller may tell of this carrier's profiles
Receive = Callable[[DownloadProgress, datetime, SpeaksFor], object]
CountRefusal = Callable[[datetime], object]


def entrance(receive: Receive, count_refusal: CountRefusal) -> Callable[..., HttpResponse]:
    """The view. `receive(progress, now, speaks_for)` takes a notification, and the same one
    (`progress.key`) again without changing anything; what it raises is a 500, and the SM-DP+ may
    come again.
    `count_refusal(now)` counts a caller who was not believed.
    """

    @csrf_exempt  # certificate and secret stand in for it
    @require_POST
    def handle_download_progress_info(request: HttpRequest) -> HttpResponse:
        """204 when told, 400 with a word when unreadable, 403 when not from the SM-DP+."""
        known = _known()
        if not known:
            return HttpResponse(status=NOT_FOUND)
        now = timezone.now()
        callers = [code for code, pair in known.items() if _is_from(request, *pair)]
        if not callers:
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
        receive(progress, now, lambda code: (code if code in known else USUAL) in callers)
        return HttpResponse(status=NO_CONTENT, headers={"X-Admin-Protocol": ADMIN_PROTOCOL})

    return handle_download_progress_info


def _known() -> dict[str, tuple[str, str]]:
    """Subject and secret of each SM-DP+ that may call: by carrier, USUAL for that of all others."""
    usual = settings.ENV.smdp_callback_subject, settings.ENV.smdp_callback_secret
    return settings.SMDP_CALLERS | ({USUAL: usual} if usual[1] else {})


def _is_from(request: HttpRequest, subject: str, secret: str) -> bool:
    """Whether the proxy says that it has verified this SM-DP+'s certificate."""
    # Both are compared whatever the first says, so that time tells nothing.
    right = [
        hmac.compare_digest(
            request.headers.get(name, "").encode("latin-1", "replace"), value.encode()
        )
        for name, value in ((SUBJECT_HEADER, subject), (SECRET_HEADER, secret))
    ]
    return all(right)

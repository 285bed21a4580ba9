"""The calendar of an account's lines: the page of its secret address, and the file behind it."""

from hashlib import sha256

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from keepline.accounts import feeds
from keepline.accounts.addresses import address_of
from keepline.accounts.pace import is_within
from keepline.flows.renew_calendar import renew_calendar
from keepline.flows.revoke_calendar import revoke_calendar
from keepline.flows.show_calendar import show_calendar
from keepline.gateways import switchboard
from keepline.portal.calendar_file import calendar_file
from keepline.portal.errors import too_many
from keepline.portal.holder import Holder
from keepline.portal.views.gate import for_holder

LONGEST_SECRET = 80
ASKED_AT_MOST, WITHIN_S = 60, 60  # by one address; calendars ask a few times a day


@require_http_methods(["GET", "HEAD", "POST"])
@for_holder
def calendar(request: HttpRequest, holder: Holder) -> HttpResponse:
    """The page; posted, there is a new address, which this answer alone shows."""
    address = ""
    if request.method == "POST":
        secret = renew_calendar(holder.user.pk, holder.account_id, timezone.now())
        address = switchboard.public_url() + reverse("calendar_feed", args=[secret])
    context = {
        "section": "account",
        "address": address,
        "webcal": "webcal:" + address.partition(":")[2] if address else "",
        "made_at": feeds.made_at(holder.user.pk, holder.account_id),
    }
    return render(request, "portal/calendar.html", context)


@require_POST
@for_holder
def revoke(request: HttpRequest, holder: Holder) -> HttpResponse:
    """404 when there is no address."""
    if not revoke_calendar(holder.user.pk, holder.account_id, timezone.now()):
        raise Http404
    messages.success(request, _("The calendar's address opens nothing any more."))
    return redirect("calendar")


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The file: no session, no cookie; the address is the key. 404 for any other."""
    if not is_within("calendar", address_of(request), ASKED_AT_MOST, WITHIN_S):
        return too_many(request)
    view = show_calendar(secret, timezone.now()) if len(secret) <= LONGEST_SECRET else None
    if view is None:
        raise Http404("no such calendar")
    content = calendar_file(view)
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    response: HttpResponse
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="keepline.ics"'
    response["ETag"] = etag
    response["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, no_store=True, private=True)
    return response

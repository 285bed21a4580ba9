"""Messages on this device: the browsers of a user that show them."""

from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from keepline.flows.errors import FlowRefused
from keepline.flows.subscribe_browser import push_key, subscribe_browser
from keepline.flows.unsubscribe_browser import unsubscribe_browser
from keepline.messages import browsers as kept
from keepline.portal.holder import Holder
from keepline.portal.views.gate import for_holder

LONGEST_ENDPOINT = 500


@require_safe
@for_holder
def browsers(request: HttpRequest, holder: Holder) -> HttpResponse:
    """The list; the script of the page asks the browser for the rest."""
    context = {
        "section": "account",
        "push_key": push_key(),
        "browsers": kept.of_user(holder.user.pk),
    }
    return render(request, "portal/browsers.html", context)


@require_POST
@for_holder
def subscribe(request: HttpRequest, holder: Holder) -> HttpResponse:
    """What PushManager.subscribe gave, from the page's script. 204, or 422 with a sentence."""
    given = {name: request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    agent = request.headers.get("User-Agent", "")
    try:
        subscribe_browser(
            holder.user.pk, holder.account_id, **given, user_agent=agent, now=timezone.now()
        )
    except FlowRefused as refused:
        return HttpResponse(refused.title, status=refused.refusal.status, content_type="text/plain")
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@require_POST
@for_holder
def unsubscribe(request: HttpRequest, holder: Holder) -> HttpResponse:
    """The browser that asks. 204 as well when it was none of theirs."""
    endpoint = request.POST.get("endpoint", "")[:LONGEST_ENDPOINT]
    unsubscribe_browser(holder.user.pk, holder.account_id, timezone.now(), endpoint=endpoint)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@require_POST
@for_holder
def remove(request: HttpRequest, holder: Holder, browser_id: int) -> HttpResponse:
    """Another one, from the list. 404 for somebody else's."""
    at = timezone.now()
    if not unsubscribe_browser(holder.user.pk, holder.account_id, at, browser_id=browser_id):
        raise Http404
    messages.success(request, _("That device shows no messages any more."))
    return redirect("browsers")

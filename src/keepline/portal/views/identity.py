"""Show who one is: the page of the identity check, and back from the provider."""

import re
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from keepline.flows.check_identity import start
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_checks import look
from keepline.flows.show_identity import show_identity
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_manager

PLAN = re.compile(r"[a-z0-9-]{2,60}")
WANTED = "identity_for"  # in the session: the plan that asked for it


@require_http_methods(["GET", "HEAD", "POST"])
@for_manager
def identity(request: HttpRequest, holder: Holder) -> HttpResponse:
    """How it stands; the button begins a check, or goes on with it. ?plan=: what asked for it."""
    refused, page_url = None, ""
    plan = request.GET.get("plan", "")
    if PLAN.fullmatch(plan):
        request.session[WANTED] = plan
    if request.method == "POST":
        try:
            language = get_language() or "en"
            actor, now = actor_of(holder), timezone.now()
            page_url = start(holder.account_id, actor, language, now, return_url="").page_url
        except FlowRefused as error:
            refused = error
        else:
            if not page_url:  # it has its result already
                return redirect("identity")
    context = {
        "view": show_identity(holder.account_id, timezone.now()),
        # A link and no redirect: nobody is led to another site without having seen its name.
        "page_url": page_url,
        "site": urlsplit(page_url).hostname,
        "plan": request.session.get(WANTED, ""),
        "refused": refused,
        "section": "account",
    }
    status = refused.refusal.status if refused else 200
    return render(request, "portal/identity.html", context, status=status)


@require_safe
@never_cache
def identity_back(_request: HttpRequest, check_id: UUID) -> HttpResponse:
    """Back from the provider, which is asked: the browser is not believed. On to whoever sent the
    holder there. Who came by a partner's app need not be signed in here."""
    return redirect(look(check_id, timezone.now()) or "identity")

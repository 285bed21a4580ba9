"""Who may open a page: a signed-in holder; what belongs to others does not exist for them.

Whatever moves money or changes a line stands behind `for_spender`, what ends one behind
`for_manager`.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from keepline.accounts.models import User
from keepline.flows.errors import FlowRefused
from keepline.flows.show_accounts import name_of_other
from keepline.portal.holder import Holder

P = ParamSpec("P")
HolderView = Callable[Concatenate[HttpRequest, Holder, P], HttpResponse]


def for_holder(view: HolderView[P]) -> Callable[..., HttpResponse]:
    """Passes the request's holder on. A refusal that no page of its own awaits is a page."""

    @login_required
    @wraps(view)
    def gated(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        holder: Holder = request.holder  # type: ignore[attr-defined]
        if not holder:
            if isinstance(request.user, User) and request.user.is_staff:
                return redirect("future")  # staff who hold no lines have another start page
            raise Http404("a user without an account has no lines")
        try:
            return view(request, holder, *args, **kwargs)
        except FlowRefused as refused:
            if refused.refusal.status == HTTPStatus.NOT_FOUND:
                if led := _led_to_its_account(request, holder, kwargs):
                    return led
                raise Http404(refused.code) from refused
            return render(
                request, "portal/refused.html", {"refused": refused}, status=refused.refusal.status
            )

    return gated


def _led_to_its_account(
    request: HttpRequest, holder: Holder, named: Mapping[str, object]
) -> HttpResponse | None:
    """Letters tell of all accounts of a reader, who acts for one of them: to where they choose, if
    the page is of a line or an order in another. None for any other page, and for what is sent."""
    about = {
        key: each for key in ("line_id", "order_id") if isinstance(each := named.get(key), UUID)
    }
    part = getattr(request, "htmx", False)  # would be swapped into the page that is open
    if part or request.method not in ("GET", "HEAD") or not about:
        return None
    name = name_of_other(holder.user.pk, holder.account_id, **about)
    if not name:
        return None
    said = _("That belongs to %(name)s, another account of yours. Go there, then open it again.")
    messages.info(request, said % {"name": name})
    return redirect("accounts")


def for_spender(view: HolderView[P]) -> Callable[..., HttpResponse]:
    """As `for_holder`; a member whose role may only look gets a page that says so (403)."""

    @for_holder
    @wraps(view)
    def allowed(
        request: HttpRequest, holder: Holder, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if not holder.may_spend:
            raise FlowRefused("role_refused")
        return view(request, holder, *args, **kwargs)

    return allowed


def for_manager(view: HolderView[P]) -> Callable[..., HttpResponse]:
    """As `for_spender`, for what only those may do who manage the account's lines."""

    @for_holder
    @wraps(view)
    def allowed(
        request: HttpRequest, holder: Holder, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if not holder.may_manage:
            raise FlowRefused("role_refused")
        return view(request, holder, *args, **kwargs)

    return allowed


def actor_of(holder: Holder) -> str:
    """How orders and audit name the holder."""
    return f"user:{holder.user.pk}"

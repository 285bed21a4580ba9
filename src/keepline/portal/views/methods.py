"""Ways to pay that the holder's providers keep: see them, save one, remove one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from keepline.core.lifecycle.method import MethodState
from keepline.flows import save_method
from keepline.flows.errors import FlowRefused
from keepline.flows.forget_method import forget
from keepline.flows.list_methods import list_methods
from keepline.flows.save_method import SavingRequest
from keepline.portal.caller import caller_of, mark_device
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_spender


def chosen_method(posted: str | None) -> UUID | None:
    """The saved way to pay that a form names, None for none. Raises FlowRefused for no id."""
    try:
        return UUID(posted) if posted else None
    except ValueError:
        raise FlowRefused("method_unusable") from None


@require_http_methods(["GET", "HEAD", "POST"])
@for_spender
def methods(request: HttpRequest, holder: Holder) -> HttpResponse:
    """The list; POST `provider` leads on to the page on which that provider is given another."""
    if request.method != "POST":
        return _page(request, holder)
    view = list_methods(holder.account_id, holder.now)
    wish = SavingRequest(
        account_id=holder.account_id,
        provider=request.POST.get("provider", ""),
        currency=view.currency,
        actor=actor_of(holder),
        language=get_language() or "en",
        caller=caller_of(request),
    )
    try:
        _id, address = save_method.start(wish, holder.now)
    except FlowRefused as refused:
        return _page(request, holder, refused)
    if address is None:
        return _page(request, holder, FlowRefused("provider_silent"))
    return HttpResponseRedirect(address)


@require_safe
@for_spender
def method_return(request: HttpRequest, holder: Holder, method_id: UUID) -> HttpResponse:
    """Back from the provider. The browser is not believed: the provider is asked."""
    state = save_method.settle(method_id, holder.account_id, holder.now)
    if state == MethodState.STORED:
        messages.success(
            request, _("Saved. Choose it on a line, and it pays what the wallet lacks.")
        )
    elif state == MethodState.STORING:
        messages.info(
            request, _("The provider has not confirmed it yet. It appears here when it has.")
        )
    else:
        messages.info(request, _("Nothing was saved."))
    return redirect("methods")


@require_POST
@for_spender
def forget_method(request: HttpRequest, holder: Holder, method_id: UUID) -> HttpResponse:
    """404 for another account's."""
    forget(method_id, holder.account_id, actor_of(holder), holder.now)
    messages.success(request, _("Removed. Nothing charges it any more."))
    return redirect("methods")


def _page(request: HttpRequest, holder: Holder, refused: FlowRefused | None = None) -> HttpResponse:
    context = {
        "view": list_methods(holder.account_id, holder.now),
        "refused": refused,
        "section": "wallet",
    }
    status = refused.refusal.status if refused else 200
    return mark_device(request, render(request, "portal/methods.html", context, status=status))

"""Your accounts: those one may act for, and those on file that one may take over."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from keepline.flows.choose_account import choose as choose_account
from keepline.flows.claim_account import claim as claim_account
from keepline.flows.show_accounts import show_accounts
from keepline.portal.holder import Holder
from keepline.portal.views.gate import for_holder


@require_safe
@for_holder
def accounts(request: HttpRequest, holder: Holder) -> HttpResponse:
    """The list. Who the user is decides, and not for which account they act now."""
    view = show_accounts(holder.user, timezone.now())
    context = {"section": "account", "view": view, "current": holder.account_id}
    return render(request, "portal/accounts.html", context)


@require_POST
@for_holder
def claim(request: HttpRequest, holder: Holder, account_id: UUID) -> HttpResponse:
    """Leads to its lines. 404 for one that is not on file for them, or not any more."""
    claim_account(holder.user.pk, account_id, timezone.now())
    messages.success(request, _("It is yours now. These are its lines."))
    return redirect("lines")


@require_POST
@for_holder
def choose(request: HttpRequest, holder: Holder, account_id: UUID) -> HttpResponse:
    """Leads to its lines. 404 for one that they are no member of."""
    choose_account(holder.user.pk, account_id, timezone.now())
    messages.success(request, _("You see this account now."))
    return redirect("lines")

"""The account page: who one is, how one signs in, programs that may act for one."""

from collections.abc import Iterable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import activate, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from keepline.accounts import queries
from keepline.core.countries import known_countries
from keepline.core.zones import known_zones
from keepline.flows.correct_profile import correct_profile
from keepline.flows.issue_token import issue_token
from keepline.flows.list_currencies import list_currencies
from keepline.flows.receipting.words import country
from keepline.flows.revoke_token import revoke_token
from keepline.gateways import switchboard
from keepline.portal.holder import Holder
from keepline.portal.views.gate import for_holder

TOKENS_AT_MOST = 20


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        help_text=gettext_lazy("Dates and times are shown in it. Each line keeps its own."),
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency of prices"),
        help_text=gettext_lazy("Money that is in your wallet stays in its own currency."),
    )

    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        required=False,
        help_text=gettext_lazy("Where you are at home. Taxes and ways to pay may follow it."),
    )

    def __init__(self, currencies: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        money: Any = self.fields["currency"]
        money.choices = [(code, code) for code in currencies]
        named = sorted((country(code), code) for code in known_countries())
        chosen: Any = self.fields["country"]
        chosen.choices = [("", "—"), *((code, name) for name, code in named)]

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"].strip().replace(" ", "_")
        if zone not in known_zones():
            raise ValidationError(_("Choose a zone from the list, such as Asia/Shanghai."))
        return zone


class TokenForm(forms.Form):
    token_name = forms.CharField(
        label=gettext_lazy("Name of the program"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@require_http_methods(["GET", "POST"])
@for_holder
def account(request: HttpRequest, holder: Holder) -> HttpResponse:
    user = holder.user
    current = queries.account(holder.account_id)
    form = ProfileForm(
        dict.fromkeys([*list_currencies(holder.now), current.currency]),
        request.POST or None,
        initial={
            "name": user.name,
            "language": user.language,
            "time_zone": user.time_zone,
            "currency": current.currency,
            "country": current.country,
        },
    )
    if not holder.may_spend:  # these are the account's, all else is the person's own
        form.fields["currency"].disabled = form.fields["country"].disabled = True
    if request.method == "POST" and form.is_valid():
        correct_profile(user, holder.account_id, **form.cleaned_data, now=holder.now)
        activate(user.language)
        messages.success(request, _("Saved."))
        return redirect("account")
    status = 422 if form.errors else 200
    return render(request, "portal/account.html", _context(holder, form), status=status)


def _context(holder: Holder, form: ProfileForm) -> dict[str, Any]:
    user = holder.user
    return {
        "section": "account",
        "identity_shown": holder.may_manage and switchboard.has("identity"),
        "form": form,
        "zones": sorted(zone for zone in known_zones() if "/" in zone),
        "factors": Authenticator.objects.filter(user=user).count(),
        "sessions": UserSession.objects.filter(user=user).count(),
        "tokens": queries.live_tokens(user, holder.account_id, timezone.now()).count(),
    }


@require_http_methods(["GET", "POST"])
@for_holder
def add_token(request: HttpRequest, holder: Holder) -> HttpResponse:
    """The list; a new token is shown in the answer to its form and never again."""
    live = queries.live_tokens(holder.user, holder.account_id, timezone.now())
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        if live.count() >= TOKENS_AT_MOST:
            form.add_error(None, _("You have %d tokens; revoke one first.") % TOKENS_AT_MOST)
        else:
            name = form.cleaned_data["token_name"]
            secret = issue_token(holder.user, holder.account_id, name, timezone.now()).secret
            form = TokenForm()
    context = {"section": "account", "form": form, "tokens": live.all(), "secret": secret}
    return render(request, "portal/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@for_holder
def drop_token(request: HttpRequest, holder: Holder, token_id: int) -> HttpResponse:
    """404 for a token of somebody else."""
    if not revoke_token(holder.user, holder.account_id, token_id, timezone.now()):
        raise Http404
    messages.success(request, _("The token opens nothing any more."))
    return redirect("add_token")

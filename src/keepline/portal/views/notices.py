"""What a person is told, by which channels, and what was sent; and the one click in a letter."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from keepline.core.telling import QuietHours, Topic
from keepline.flows.choose_channels import address_works, choose_channels, end_letters
from keepline.flows.list_told import list_told, oldest
from keepline.flows.show_notices import NoticesView, show_notices
from keepline.flows.telling.passes import read_pass
from keepline.portal.holder import Holder
from keepline.portal.views.gate import for_holder

HALF_HOURS = [(f"{n // 2:02}:{n % 2 * 30:02}", n * 30) for n in range(48)]


class QuietForm(forms.Form):
    """From when until when nothing rings; the same twice for never."""

    quiet_from = forms.TypedChoiceField(
        label=gettext_lazy("Quiet from"),
        choices=[(minute, text) for text, minute in HALF_HOURS],
        coerce=int,
    )
    quiet_until = forms.TypedChoiceField(
        label=gettext_lazy("until"),
        choices=[(minute, text) for text, minute in HALF_HOURS],
        coerce=int,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_holder
def notices(request: HttpRequest, holder: Holder) -> HttpResponse:
    """The boxes of topics and channels, and the quiet hours."""
    view = show_notices(holder.user.pk, holder.account_id, holder.now)
    form = QuietForm(request.POST or None, initial=_quiet_of(view))
    if request.method == "POST" and form.is_valid():
        said = {
            (channel, topic): f"{channel}:{topic}" in request.POST
            for channel in view.channels
            for topic in Topic
        }
        quiet = QuietHours(form.cleaned_data["quiet_from"], form.cleaned_data["quiet_until"])
        choose_channels(holder.user.pk, holder.account_id, said, quiet, holder.now)
        messages.success(request, _("Saved."))
        return redirect("notices")
    context = {"section": "account", "view": view, "form": form}
    return render(request, "portal/notices.html", context, status=422 if form.errors else 200)


def _quiet_of(view: NoticesView) -> dict[str, int]:
    quiet = view.quiet or QuietHours(0, 0)
    return {"quiet_from": quiet.from_minute, "quiet_until": quiet.until_minute}


@require_POST
@for_holder
def works_again(request: HttpRequest, holder: Holder, channel: str) -> HttpResponse:
    """The person says that the address takes letters again."""
    try:
        address_works(holder.user.pk, channel)
    except ValidationError as error:
        raise Http404 from error
    messages.success(request, _("We write there again."))
    return redirect("notices")


@require_safe
@for_holder
def told(request: HttpRequest, holder: Holder) -> HttpResponse:
    """What was sent of the account, or of one line."""
    line_id, before = _uuid(request.GET.get("line")), _uuid(request.GET.get("before"))
    rows = list_told(holder.account_id, holder.user.pk, line_id, before)
    context = {"section": "account", "rows": rows, "line_id": line_id, "next": oldest(rows)}
    return render(request, "portal/told.html", context)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@csrf_exempt  # mail programs post it (RFC 8058); the pass is signed, and can do nothing else
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, pass_: str) -> HttpResponse:
    """Without signing in: asked, it offers a button (scanners open links); posted, it is done."""
    read = read_pass(pass_)
    topic = end_letters(pass_) if request.method == "POST" else read[1] if read else None
    context = {"topic": topic, "done": request.method == "POST"}
    return render(request, "portal/unsubscribe.html", context, status=200 if topic else 404)

"""Keepline as an installed app, and the demo's mailbox."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

LETTERS_SHOWN = 30


@require_safe
def manifest(_request: HttpRequest) -> HttpResponse:
    """W3C web app manifest."""
    icon = {"src": static("keepline/mark.svg"), "sizes": "any", "type": "image/svg+xml"}
    body = {
        "name": "Keepline",
        "short_name": "Keepline",
        "description": _("Your lines, what is left of them, and what happens next."),
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f5f7f6",
        "theme_color": "#0b6158",
        "icons": [icon, {**icon, "purpose": "maskable"}],
    }
    return JsonResponse(body, content_type="application/manifest+json")


@require_safe
def service_worker(_request: HttpRequest) -> HttpResponse:
    """Served from the root, or its scope would be /static/ alone."""
    found = finders.find("keepline/service-worker.js")
    if not found:
        raise Http404
    response = HttpResponse(Path(found).read_bytes(), content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The letters that the demo would have sent. Not there in production."""
    if settings.PRODUCTION:
        raise Http404
    folder = settings.ENV.data / "mail"
    files = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    letters = [_letter(path) for path in files[:LETTERS_SHOWN]]
    return render(request, "portal/mailbox.html", {"letters": letters, "folder": folder})


def _letter(path: Path) -> dict[str, object]:
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    assert isinstance(message, EmailMessage)
    text = message.get_body(("plain",))
    return {
        "to": message["To"],
        "subject": message["Subject"],
        "date": message["Date"],
        "text": text.get_content() if text else "",
    }

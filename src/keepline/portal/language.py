"""What stands in the footer: the language switch, for a visitor a cookie, for a user also their
profile; and where help is asked for."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
)
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from keepline.accounts import services


def help_address(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001 - Django gives it
    """`help_url` in every page; "" where the operator names none."""
    return {"help_url": settings.ENV.help_url}


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Takes `language` and `next`; leads back to `next` when it is a page of ours."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest()
    if not isinstance(request.user, AnonymousUser):
        services.choose_language(request.user, language)
    goal = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(goal, {request.get_host()}, request.is_secure())
    response = HttpResponseRedirect(goal if safe else "/")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.PRODUCTION,
        httponly=True,
        samesite="Lax",
    )
    return response

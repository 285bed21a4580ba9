"""Gives each signed-in request its holder, speaks the user's language, tells their time."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from allauth.core.exceptions import RateLimited
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from keepline.accounts.models import User
from keepline.portal.errors import too_many
from keepline.portal.holder import holder_of


class HolderMiddleware:
    """`request.holder` costs its one query only when it is looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.holder = SimpleLazyObject(lambda: holder_of(request))  # type: ignore[attr-defined]
        # Without the cookie there is no session, and nobody to load.
        has_cookie = settings.SESSION_COOKIE_NAME in request.COOKIES
        user = request.user if has_cookie else None
        if isinstance(user, User):
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
            _tell_time_of(user.time_zone)
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        if isinstance(user, User):
            # A page of a person is for nobody's cache, the browser's history included.
            response.setdefault("Cache-Control", "no-store, private")
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return too_many(request) if isinstance(error, RateLimited) else None


def _tell_time_of(name: str) -> None:
    try:
        timezone.activate(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        timezone.deactivate()

"""Who sits in front of the pages: an address, and a browser known again by a cookie."""

from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from keepline.accounts.addresses import address_of
from keepline.flows.limits import Caller

SALT = "keepline.portal.device"
KNOWN_FOR_S = 30 * 24 * 3600


def caller_of(request: HttpRequest) -> Caller:
    """For the limits against fraud. A device without our cookie, or with a forged one, is none."""
    return Caller(address_of(request), _device(request) or "")


def mark_device(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Pages with payments make the browser known again; the cookie says nothing else."""
    if _device(request) is None:
        response.set_signed_cookie(
            _cookie_name(),
            uuid4().hex,
            salt=SALT,
            max_age=KNOWN_FOR_S,
            secure=settings.PRODUCTION,
            httponly=True,
            samesite="Lax",
        )
    return response


def _device(request: HttpRequest) -> str | None:
    return request.get_signed_cookie(_cookie_name(), None, salt=SALT, max_age=KNOWN_FOR_S)


def _cookie_name() -> str:
    return "__Host-device" if settings.PRODUCTION else "device"

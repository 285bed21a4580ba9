"""The API's own way through the server: no session, no cookies, no pages.

A middleware that stands behind the one for TLS and before everything that serves browsers. What
it answers never reaches sign-in by cookie, so no page of another site can speak for a holder; and
a renewal costs less (docs/decisions/0011-api-lane.md has the figures).
"""

import re
import time
from collections.abc import Callable
from uuid import uuid4

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from keepline.api.problems import MEDIA_TYPE, problem

MOUNT = "/v1"  # as in config/urls.py
PREFIX = f"{MOUNT}/"
URLS = "keepline.api.urls"
PROVED_FOR = 1.0  # seconds for which a connection that answered is believed to be alive
LARGEST_BODY = 1024 * 1024
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = structlog.get_logger(__name__)


class ApiLane:
    """Serves /v1/ by itself; everything else goes on to `get_response`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = _answer(request)
        response["X-Request-Id"] = request_id
        if isinstance(response, HttpResponse):
            response["Content-Length"] = str(len(response.content))  # else it is sent in chunks
        response.setdefault("Cache-Control", "no-store")
        response["Vary"] = "Accept-Language, Authorization"
        return response


def _answer(request: HttpRequest) -> HttpResponseBase:
    head = request.method == "HEAD"
    if head:
        request.method = "GET"  # RFC 9110, 9.3.2: the same, and the server leaves the body out
    try:
        return _routed(request)
    except (Resolver404, Http404):
        return problem(request, "not_found")
    except RequestDataTooBig:
        return problem(request, "body_too_large")
    except SuspiciousOperation:  # a Host that is not ours
        return problem(request, "request_unreadable")
    except Exception as error:  # noqa: BLE001  (the last wall: an answer, not a traceback)
        return fault(request, error)
    finally:
        if head:
            request.method = "HEAD"


def _routed(request: HttpRequest) -> HttpResponseBase:
    request.get_host()
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isascii() or not length.isdigit() or int(length) > LARGEST_BODY:
        return problem(request, "body_too_large")
    match = resolve(request.path_info.removeprefix(MOUNT), URLS)
    request.resolver_match = match
    _believe_connection()
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    connection.proved_at = time.monotonic()  # type: ignore[attr-defined]
    if response.status_code == 405 and response["Content-Type"] != MEDIA_TYPE:  # noqa: PLR2004
        return problem(request, "method_refused", {"Allow": response["Allow"]})
    return response


def _believe_connection() -> None:
    """Spares the health check (SELECT 1) on a connection that has just served a request.

    Under load that is a round trip in eight. A connection that died in that second answers with
    503 once and is replaced; the caller repeats with the same key.
    """
    proved_at = getattr(connection, "proved_at", None)
    if proved_at is not None and time.monotonic() - proved_at < PROVED_FOR:
        connection.health_check_done = True  # type: ignore[attr-defined]


def fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """An answer for what nobody foresaw: it tells the caller nothing but an id to ask with."""
    if isinstance(error, (OperationalError, InterfaceError)):
        log.warning("api.unavailable", error=str(error), path=request.path_info)
        return problem(request, "unavailable", {"Retry-After": "5"})
    log.error("api.fault", path=request.path_info, exc_info=error)
    got_request_exception.send(sender=ApiLane, request=request)
    return problem(request, "internal_error")

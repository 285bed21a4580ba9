"""The API as a whole: its routes, and what becomes of each exception."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from keepline.api.bearer import BearerToken, now_of
from keepline.api.lane import fault
from keepline.api.problems import Refused, pointer, problem
from keepline.api.routes import (
    account,
    carriers,
    closings,
    endpoints,
    esims,
    identity,
    messages,
    meta,
    methods,
    notices,
    orders,
    plans,
    portings,
    purchases,
    reclaims,
    renewals,
    tokens,
    wallets,
)
from keepline.api.strict import StrictJson, strict
from keepline.flows.errors import FlowRefused

LONGEST_DETAIL = 200
DESCRIPTION = """\
Lines, plans, purchases, renewals, wallets and orders of one account.

Money is `{"amount_minor", "currency"}`, integers in the currency's minor units. Unlimited is null.
Data is counted in bytes, calls in seconds. Instants are RFC 3339 in UTC; months are counted in the
line's own `time_zone`. Where money or a line moves, an `Idempotency-Key` is required: one key is
one intent, and a repeat gets the first answer. Every error is a problem after RFC 9457; look at its
`code`. Lists come in pages; follow the Link header (RFC 8288). Unknown parameters are refused.
docs/api/README.md walks through it.
"""

api = NinjaAPI(
    title="Keepline API",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    openapi_url=None,
    auth=BearerToken(),
    parser=StrictJson(),
    urls_namespace="api",
)
# Decorators of the default router go to every other one.
api.add_decorator(strict, mode="view")
for each in (
    tokens,
    account,
    purchases,
    closings,
    esims,
    carriers,
    renewals,
    reclaims,
    portings,
    orders,
    wallets,
    methods,
    plans,
    meta,
    endpoints,
    notices,
    messages,
    identity,
):
    api.add_router("", each.router)


@api.exception_handler(FlowRefused)
def _flow_refused(request: HttpRequest, refused: FlowRefused) -> HttpResponse:
    headers = {"Retry-After": _wait(request, refused)} if refused.refusal.retryable else None
    facts: dict[str, Any] = {"facts": refused.facts} if refused.facts else {}
    return problem(request, refused.code, headers, **facts)


def _wait(request: HttpRequest, refused: FlowRefused) -> str:
    """Seconds, rounded up, so that who waits them is not refused again."""
    until = refused.facts.get("paused_until") or refused.facts.get("again_at")
    if not isinstance(until, datetime):
        return "1"
    return str(max(1, -((now_of(request) - until) // timedelta(seconds=1))))


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    return problem(request, refused.code, refused.headers, refused.detail, **refused.members)


@api.exception_handler(AuthenticationError)
def _no_token(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    given = "HTTP_AUTHORIZATION" in request.META
    challenge = 'Bearer realm="keepline"' + (', error="invalid_token"' if given else "")
    return problem(request, "token_refused", {"WWW-Authenticate": challenge})


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, _error: HttpError) -> HttpResponse:
    return problem(request, "request_unreadable")  # ninja raises it for a body that is not JSON


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [_fault_of(one) for one in error.errors]
    first = faults[0]
    where = first.get("pointer", first.get("parameter", ""))
    detail = f"{where}: {first['detail']}" if where else first["detail"]
    return problem(request, "validation_failed", detail=detail, errors=faults)


def _fault_of(error: dict[str, Any]) -> dict[str, str]:
    # What was sent is not said again: it may be a password.
    return {
        **pointer(error["loc"]),
        "code": error["type"],
        "detail": str(error["msg"])[:LONGEST_DETAIL],
    }


@api.exception_handler(Exception)
def _fault(request: HttpRequest, error: Exception) -> HttpResponse:
    return fault(request, error)

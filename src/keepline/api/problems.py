"""RFC 9457 problems: every error of the API, in the language that the caller accepts.

The codes of flows stand in flows/errors.py; those that only an HTTP entrance knows stand here.
docs/errors.md is made from both.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from keepline.api.language import language_of
from keepline.flows.errors import CATALOGUE, Refusal
from keepline.gateways import switchboard

MEDIA_TYPE = "application/problem+json"

OF_THE_API: dict[str, Refusal] = {
    "request_unreadable": Refusal(
        400,
        gettext_noop("The request could not be read."),
        gettext_noop("Send one JSON object, encoded in UTF-8."),
    ),
    "parameter_unknown": Refusal(
        400,
        gettext_noop("The address carries a parameter that is not known here."),
        gettext_noop("Send each parameter that the documentation lists, once, and no other."),
    ),
    "cursor_refused": Refusal(
        400,
        gettext_noop("This cursor does not belong to this list."),
        gettext_noop("Begin with the first page and follow the links of the answers."),
    ),
    "token_refused": Refusal(
        401,
        gettext_noop("There is no valid token in the request."),
        gettext_noop("Send `Authorization: Bearer TOKEN` with a token that was not revoked."),
    ),
    "sign_in_refused": Refusal(
        401,
        gettext_noop("This combination of e-mail or number and password is not known to us."),
        gettext_noop("Check both. An address must have been verified in the portal before."),
    ),
    "second_factor_needed": Refusal(
        401,
        gettext_noop("This user signs in with a second factor."),
        gettext_noop("Send the code of the authenticator, or a recovery code, as `code`."),
    ),
    "second_factor_refused": Refusal(
        401,
        gettext_noop("The code of the second factor is not right."),
        gettext_noop("Send a fresh code. Each one is taken once."),
    ),
    "passkey_only": Refusal(
        403,
        gettext_noop("This user's second factor is a passkey, which needs a browser."),
        gettext_noop("Sign in to the portal and make a token there."),
    ),
    "method_refused": Refusal(
        405,
        gettext_noop("This address does not take this method."),
        gettext_noop("Use one of the methods in the Allow header."),
    ),
    "tokens_full": Refusal(
        409,
        gettext_noop("This user has as many tokens as one may have."),
        gettext_noop("Revoke one that is no longer needed, then sign in again."),
    ),
    "body_too_large": Refusal(
        413,
        gettext_noop("The body is larger than 1 MiB."),
        gettext_noop("Send a smaller body."),
    ),
    "media_type_refused": Refusal(
        415,
        gettext_noop("The body is not declared as JSON."),
        gettext_noop("Send `Content-Type: application/json`."),
    ),
    "validation_failed": Refusal(
        422,
        gettext_noop("Something in the request does not fit."),
        gettext_noop("Mend what `errors` points at."),
    ),
    "rate_limited": Refusal(
        429,
        gettext_noop("Too many attempts."),
        gettext_noop("Wait as many seconds as Retry-After says."),
        retryable=True,
    ),
    "internal_error": Refusal(
        500,
        gettext_noop("Something failed on our side."),
        gettext_noop("Repeat the request with the same Idempotency-Key; it happens at most once."),
        retryable=True,
    ),
    "unavailable": Refusal(
        503,
        gettext_noop("Keepline cannot reach its database right now."),
        gettext_noop("Repeat the request with the same Idempotency-Key in a few seconds."),
        retryable=True,
    ),
}
ALL: dict[str, Refusal] = {**CATALOGUE, **OF_THE_API}


class Refused(Exception):
    """The entrance itself refuses. `code` is in ALL; `members` are added to the problem."""

    def __init__(
        self,
        code: str,
        headers: Mapping[str, str] | None = None,
        detail: str = "",
        **members: Any,
    ) -> None:
        super().__init__(code)
        assert code in ALL
        self.code = code
        self.headers = headers or {}
        self.detail = detail
        self.members = members


def type_of(code: str) -> str:
    """The problem's type: an address that explains it."""
    return f"{switchboard.public_url()}/v1/problems/{code}"


def described(code: str) -> dict[str, Any]:
    """One kind of problem, in the active language."""
    refusal = ALL[code]
    return {
        "type": type_of(code),
        "title": gettext(refusal.title),
        "status": refusal.status,
        "code": code,
        "hint": gettext(refusal.hint),
        "retryable": refusal.retryable,
    }


def problem(
    request: HttpRequest,
    code: str,
    headers: Mapping[str, str] | None = None,
    detail: str = "",
    **members: Any,
) -> HttpResponse:
    """The answer for one problem. `detail` is about this very case, else the title again."""
    language = language_of(request)
    with translation.override(language):
        body = described(code)
    body["detail"] = detail or body["title"]
    body["request_id"] = getattr(request, "request_id", "")
    response = HttpResponse(
        json.dumps({**body, **members}, ensure_ascii=False, default=_written),
        status=body["status"],
        content_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )
    response["Content-Language"] = language
    return response


def _written(fact: object) -> str:
    """Instants as everywhere in the API (RFC 3339, UTC); the rest as it is said."""
    if isinstance(fact, datetime):
        return fact.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(fact)


def pointer(location: Sequence[str | int]) -> dict[str, str]:
    """Where a value stands: a JSON pointer into the body, or a parameter's name."""
    source, *path = location
    if source == "body":
        inside = [str(part).replace("~", "~0").replace("/", "~1") for part in path[1:]]
        return {"pointer": "".join(f"/{part}" for part in inside)}
    return {"parameter": ".".join(str(part) for part in path)}

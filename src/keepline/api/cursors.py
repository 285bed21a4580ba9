"""Pages: opaque signed cursors, and where the next page is (RFC 8288)."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from django.http import HttpRequest

from keepline.api.problems import Refused

LONGEST = 400


def seal(place: Any, listed: str, account_id: UUID) -> str:
    """A cursor for the list called `listed` of this account, of no use anywhere else."""
    return signing.dumps(place, salt=f"api.cursor:{listed}:{account_id}", compress=False)


def unseal(cursor: str | None, listed: str, account_id: UUID) -> Any | None:
    """The place that `seal` was given; None for the first page. Raises Refused."""
    if cursor is None:
        return None
    try:
        return signing.loads(cursor, salt=f"api.cursor:{listed}:{account_id}")
    except signing.BadSignature:
        raise Refused("cursor_refused") from None


def link(request: HttpRequest, next_cursor: str | None) -> dict[str, str]:
    """The Link header: the next page, with the filters of this one; always the first."""
    kept = {name: str(request.GET[name]) for name in request.GET if name != "cursor"}
    links = [f'<{_address(request, kept)}>; rel="first"']
    if next_cursor:
        links.append(f'<{_address(request, {**kept, "cursor": next_cursor})}>; rel="next"')
    return {"Link": ", ".join(links)}


def _address(request: HttpRequest, query: dict[str, str]) -> str:
    return f"{request.path}?{urlencode(query)}" if query else request.path

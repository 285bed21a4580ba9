"""Pages: opaque signed cursors, and where the next page is (RFC 8288)."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from django.http import HttpRequest
from ninja import Query

from keepline.api.problems import Refused

LONGEST = 400
Cursor = Annotated[str | None, Query(None, max_length=LONGEST)]
OfLine = Annotated[UUID | None, Query(None)]  # lists of the account that may be one line's


def seal(place: Any | None, listed: str, account_id: UUID) -> str | None:
    """A cursor for the list called `listed` of this account, of no use anywhere else; None where
    the list has no next place. An id is opened by `unseal_id`, anything else by `unseal`."""
    if not place:
        return None
    told = str(place) if isinstance(place, UUID) else place
    return signing.dumps(told, salt=f"api.cursor:{listed}:{account_id}", compress=False)


def unseal(cursor: str | None, listed: str, account_id: UUID) -> Any | None:
    """The place that `seal` was given; None for the first page. Raises Refused."""
    if cursor is None:
        return None
    try:
        return signing.loads(cursor, salt=f"api.cursor:{listed}:{account_id}")
    except signing.BadSignature:
        raise Refused("cursor_refused") from None


def unseal_id(cursor: str | None, listed: str, account_id: UUID) -> UUID | None:
    """The id that `seal` was given; None for the first page. Raises Refused."""
    place = unseal(cursor, listed, account_id)
    return UUID(place) if place else None


def link(request: HttpRequest, next_cursor: str | None) -> dict[str, str]:
    """The Link header: the next page, with the filters of this one; always the first."""
    kept = {name: str(request.GET[name]) for name in request.GET if name != "cursor"}
    links = [f'<{_address(request, kept)}>; rel="first"']
    if next_cursor:
        links.append(f'<{_address(request, {**kept, "cursor": next_cursor})}>; rel="next"')
    return {"Link": ", ".join(links)}


def _address(request: HttpRequest, query: dict[str, str]) -> str:
    return f"{request.path}?{urlencode(query)}" if query else request.path

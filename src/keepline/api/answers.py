"""How an operation answers: a shape as JSON, written once, validated by its own types."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel

from keepline.api import cursors
from keepline.api.language import language_of
from keepline.api.shapes.pages import Page

Item = TypeVar("Item", bound=BaseModel)


def answer(
    shape: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The shape as JSON, past ninja's second validation: it was made of typed values."""
    return HttpResponse(
        shape.model_dump_json(),
        status=status,
        content_type="application/json",
        headers=dict(headers or {}),
    )


def page(
    request: HttpRequest, shape: type[Page[Item]], items: list[Item], next_cursor: str | None
) -> HttpResponse:
    """One page of a list, with its links."""
    return answer(
        shape(items=items, next_cursor=next_cursor), headers=cursors.link(request, next_cursor)
    )


def said(words: Mapping[str, Any], request: HttpRequest) -> str:
    """One of several languages of a text of the catalogue; English where there is no other."""
    language = language_of(request)
    return str(words.get(language) or words.get("en") or next(iter(words.values()), ""))

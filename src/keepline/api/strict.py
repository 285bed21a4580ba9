"""What holds for every operation before its own work: nothing unknown, and JSON only."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.operation import Operation
from ninja.parser import Parser

from keepline.api.problems import problem

Run = Callable[..., HttpResponse]


def strict(run: Run) -> Run:
    """Wraps ninja's Operation.run: refuses parameters and media types it does not name."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    known = frozenset(
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in model.__ninja_flatten_map__
    )
    bodies = [model for model in operation.models if model.__ninja_param_source__ == "body"]
    needs_body = any(field.is_required() for body in bodies for field in body.model_fields.values())

    @wraps(run)
    def checked(request: HttpRequest, **path: Any) -> HttpResponse:
        if request.META.get("QUERY_STRING"):
            given = request.GET
            strange = sorted(n for n in given if n not in known or len(given.getlist(n)) > 1)
            if strange:
                return problem(request, "parameter_unknown", parameter=strange[0][:100])
        says_more = needs_body or (bodies and request.body)
        if says_more and request.content_type != "application/json":
            return problem(request, "media_type_refused", {"Accept-Post": "application/json"})
        return run(request, **path)

    return checked


class StrictJson(Parser):
    """JSON as RFC 8259 has it: one meaning only, so no name twice, no NaN, no Infinity."""

    def parse_body(self, request: HttpRequest) -> Any:
        return json.loads(
            request.body.decode(), object_pairs_hook=_once, parse_constant=_no_constant
        )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")

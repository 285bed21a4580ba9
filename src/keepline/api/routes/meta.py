"""GET /v1/openapi.json and GET /v1/problems: what programs and their makers read. No token."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from ninja import Path, Router

from keepline.api.answers import answer
from keepline.api.language import language_of
from keepline.api.problems import ALL, described
from keepline.api.shapes.problem import ProblemKind, ProblemKinds
from keepline.flows.errors import FlowRefused

router = Router(tags=["about"], auth=None)
AN_HOUR = {"Cache-Control": "public, max-age=3600"}


@router.get("/openapi.json", operation_id="get_openapi", summary="This document")
def get_openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (ninja gives it)
    """OpenAPI 3.1."""
    from keepline.api.openapi import document_text

    return HttpResponse(document_text(), content_type="application/json", headers=AN_HOUR)


@router.get("/problems", response=ProblemKinds, operation_id="list_problems", summary="Problems")
def list_problems(request: HttpRequest) -> HttpResponse:
    """Every kind of problem, in the language of Accept-Language."""
    with translation.override(language_of(request)):
        kinds = [ProblemKind(**described(code)) for code in sorted(ALL)]
    return answer(ProblemKinds(items=kinds), headers=AN_HOUR)


@router.get(
    "/problems/{code}",
    response=ProblemKind,
    operation_id="get_problem",
    summary="One kind of problem",
    openapi_extra={"x-problems": ["not_found"]},
)
def get_problem(request: HttpRequest, code: Annotated[str, Path(max_length=40)]) -> HttpResponse:
    """What the `type` of a problem leads to."""
    if code not in ALL:
        raise FlowRefused("not_found")
    with translation.override(language_of(request)):
        return answer(ProblemKind(**described(code)), headers=AN_HOUR)

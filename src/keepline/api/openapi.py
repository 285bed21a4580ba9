"""The OpenAPI 3.1 document: ninja's, finished with what only the entrance knows.

Headers, problems and examples are put in by rule, so that a new operation has them too. An
operation names its own problems under `x-problems`, and `x-idempotent` where it needs a key.
"""

import json
from functools import lru_cache
from typing import Any

from django.utils import translation

from keepline.api.examples import EXAMPLES
from keepline.api.problems import ALL, MEDIA_TYPE, described
from keepline.api.shapes.problem import Problem
from keepline.api.v1 import api

Json = dict[str, Any]
REF = "#/components/schemas/{model}"
ANYWHERE = ["parameter_unknown", "internal_error", "unavailable"]
WITH_BODY = [
    "request_unreadable",
    "body_too_large",
    "media_type_refused",
    "validation_failed",
]
WITH_KEY = ["key_missing", "key_reused", "key_in_progress"]
SHOWN = "https://keepline.example"  # in examples; the real ones carry the operator's address

HEADERS: dict[str, Json] = {
    "X-Request-Id": {
        "description": "Names this request in the operator's log; yours, when you sent one.",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "The order: to look at, or to follow until it is `resting`.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "Seconds to wait before asking (again).",
        "schema": {"type": "integer"},
    },
    "Idempotent-Replayed": {
        "description": "`true` when the key was seen before and nothing was done again.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Link": {
        "description": 'RFC 8288: rel="first" and, unless this is the last page, rel="next".',
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {
        "description": "RFC 6750.",
        "schema": {"type": "string"},
    },
    "Allow": {"description": "The methods that this address takes.", "schema": {"type": "string"}},
}
PARAMETERS: dict[str, Json] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "Made by the caller, one per intent, sent again on every retry of it.",
        "schema": {
            "type": "string",
            "minLength": 8,
            "maxLength": 64,
            "pattern": "^[\\x21-\\x7e]+$",
        },
        "example": "5f1c0c0e-7d0f-4f0e-9f61-0c7a2f3b9d11",
    },
    "AcceptLanguage": {
        "name": "Accept-Language",
        "in": "header",
        "required": False,
        "description": "Language of names and problems: en, zh-Hans, ru or uk. The user's, when"
        " left out.",
        "schema": {"type": "string"},
        "example": "zh-Hans",
    },
}


@lru_cache(maxsize=1)
def document_text() -> str:
    """The document as it is served and as it stands in docs/api/openapi.json."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> Json:
    """The whole document, in English."""
    with translation.override("en"):
        # Through JSON: ninja's statuses are numbers, and lazy texts become texts.
        made: Json = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/v1/"), default=str))
        components = made["components"]
        components["schemas"]["Problem"] = _problem_schema(components["schemas"])
        components["headers"] = HEADERS
        components["parameters"] = PARAMETERS
        components["examples"] = {
            code: {"summary": refusal.title, "value": _example(code)}
            for code, refusal in sorted(ALL.items())
        }
        for name, example in EXAMPLES.items():
            components["schemas"][name]["examples"] = [example]
        for path in made["paths"].values():
            for operation in path.values():
                _finish(operation)
        made["servers"] = [{"url": "/", "description": "The installation that serves this."}]
        made["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        made["tags"] = TAGS
    return made


TAGS = [
    {"name": "tokens", "description": "Sign in and out."},
    {"name": "account", "description": "Whose lines these are."},
    {"name": "lines", "description": "What is left, what happens next, what may be renewed."},
    {"name": "renewals", "description": "See the whole order, then have it carried out."},
    {"name": "orders", "description": "Proofs, and operations to follow."},
    {"name": "wallets", "description": "Balances, statements, top-ups."},
    {"name": "notices", "description": "Who is told what by which channel, and what was told."},
    {"name": "identity", "description": "Whether the holder has shown who they are."},
    {"name": "messages", "description": "What numbers received."},
    {"name": "webhooks", "description": "Being told of events, instead of asking."},
    {"name": "plans", "description": "The catalogue."},
    {"name": "about", "description": "For programs and their makers; no token needed."},
]


def _problem_schema(schemas: Json) -> Json:
    schema = Problem.model_json_schema(ref_template=REF, mode="serialization")
    schemas.update(schema.pop("$defs", {}))
    schema["examples"] = [_example("wallet_short")]
    return schema


def _finish(operation: Json) -> None:
    codes = [*ANYWHERE, *operation.pop("x-problems", [])]
    operation.setdefault("parameters", []).append(_ref("parameters", "AcceptLanguage"))
    if operation.pop("x-idempotent", False):
        operation["parameters"].append(_ref("parameters", "IdempotencyKey"))
        codes += WITH_KEY
    if "requestBody" in operation:
        operation["requestBody"]["required"] = not _may_be_null(operation["requestBody"])
        codes += WITH_BODY
    elif any(p.get("in") == "query" for p in operation["parameters"]):
        codes.append("validation_failed")
    codes.append("token_refused") if operation.get("security") else operation.update(security=[])
    for status, response in operation["responses"].items():
        response["headers"] = _headers(operation, status)
    operation["responses"].update(_problems(codes))


def _may_be_null(body: Json) -> bool:
    return {"type": "null"} in body["content"]["application/json"]["schema"].get("anyOf", [])


def _headers(operation: Json, status: str) -> Json:
    names = ["X-Request-Id"]
    creates = operation["operationId"] in ("create_renewal", "create_top_up")
    if creates:
        names += ["Location", "Idempotent-Replayed"]
    if status == "202" or operation["operationId"] == "get_order":
        names.append("Retry-After")
    if any(p.get("name") == "cursor" for p in operation["parameters"]):
        names.append("Link")
    return {name: _ref("headers", name) for name in names}


def _problems(codes: list[str]) -> Json:
    """One response per status, one example per code."""
    found: Json = {}
    for code in dict.fromkeys(codes):
        status = str(ALL[code].status)
        response = found.setdefault(status, _problem_response(status))
        response["content"][MEDIA_TYPE]["examples"][code] = _ref("examples", code)
    for response in found.values():
        kinds = response["content"][MEDIA_TYPE]["examples"]
        response["description"] = "; ".join(f"`{code}`" for code in kinds)
    return dict(sorted(found.items()))


def _problem_response(status: str) -> Json:
    names = ["X-Request-Id"]
    names += {"401": ["WWW-Authenticate"], "429": ["Retry-After"], "503": ["Retry-After"]}.get(
        status, []
    )
    return {
        "description": "",
        "headers": {name: _ref("headers", name) for name in names},
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
        },
    }


def _example(code: str) -> Json:
    kind = described(code)
    kind["type"] = f"{SHOWN}/v1/problems/{code}"
    return {**kind, "detail": kind["title"], "request_id": "0b7d2f0c5c8e4f7e9d3a6b1c2d3e4f50"}


def _ref(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}

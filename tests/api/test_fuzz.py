"""Whatever is sent, to whichever operation of the document: never a fault of ours.

Values are made after the document's schemas, then one or two of them are spoilt; addresses,
headers and parameters are made of anything. An answer of 5xx would raise in the test client.
"""

import json
import string
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepline.api.openapi import document
from tests.api.callers import Caller
from tests.cast import Cast
from tests.identity import ScriptedChecker, checker

__all__ = ["checker"]
pytestmark = pytest.mark.django_db
DOCUMENT = document()
SCHEMAS = DOCUMENT["components"]["schemas"]
ROUTES = [(m, p, op) for p, ops in DOCUMENT["paths"].items() for m, op in ops.items()]

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats()
    | st.text(max_size=80)
    | st.sampled_from(["\x00", "\ud800", "a" * 5000, "keep-1m", "USD", "sandbox", "part"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=6,
)
KNOWN = {
    "plan_code": ["keep-1m", "keep-3m"],
    "currency": ["USD", "EUR", "XXX"],
    "provider": ["sandbox", "nobody"],
    "login": ["alice@example.com", "+4915123456789"],
}


def values_of(schema: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:  # noqa: PLR0911
    """Values that a schema of ours describes, or nearly so."""
    if "$ref" in schema:
        return values_of(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]], name)
    if "anyOf" in schema:
        return st.one_of([values_of(one, name) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        needed = set(schema.get("required", []))
        made = {field: values_of(one, field) for field, one in fields.items()}
        return st.fixed_dictionaries(
            {field: one for field, one in made.items() if field in needed},
            optional={field: one for field, one in made.items() if field not in needed},
        )
    if kind == "integer":
        return st.integers(schema.get("minimum"), schema.get("maximum"))
    if kind == "string":
        some = st.text(string.ascii_lowercase + "-", max_size=schema.get("maxLength", 20))
        return st.sampled_from(KNOWN[name]) | some if name in KNOWN else some
    return st.none()


@st.composite
def bodies(draw: st.DrawFn, operation: dict[str, Any]) -> str | None:
    if "requestBody" not in operation:
        return None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    body = draw(values_of(schema))
    if draw(st.booleans()) and isinstance(body, dict):
        body[draw(st.sampled_from([*sorted(body), "surprise"]) | st.text(max_size=8))] = draw(
            anything
        )
    elif draw(st.integers(0, 4)) == 0:
        return str(draw(st.text(max_size=60) | anything.map(json.dumps)))
    return json.dumps(body)


@st.composite
def places(draw: st.DrawFn, path: str, line_id: UUID) -> str:
    near = st.sampled_from([line_id, UUID(int=line_id.int ^ 1)]) | st.uuids()
    text = st.text(min_size=1, max_size=20).filter(lambda t: not t.startswith((".", "/")))
    currency = st.sampled_from(["USD", "EUR", "XXX"]) | text
    return path.format(
        line_id=draw(near),
        order_id=draw(near),
        method_id=draw(near),
        endpoint_id=draw(near),
        message_id=draw(near),
        currency=quote(draw(currency), safe="", errors="replace"),
        code=quote(draw(st.sampled_from(["busy", "nothing"]) | text), safe="", errors="replace"),
        plan_code=quote(draw(st.sampled_from(["keep-1m", "-"]) | text), safe="", errors="replace"),
    )


@st.composite
def parameters(draw: st.DrawFn, operation: dict[str, Any]) -> str:
    names = [p["name"] for p in operation["parameters"] if p.get("in") == "query"]
    if not names or draw(st.booleans()):
        return ""
    name = draw(st.sampled_from(names))
    value = draw(st.text(max_size=500) | st.sampled_from(["USD", "keep_alive"]))
    return f"?{name}={quote(value, safe='', errors='replace')}"


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    ROUTES,
    ids=[f"{method}-{operation['operationId']}" for method, _path, operation in ROUTES],
)
def test_never_a_fault_of_ours(
    alice: Caller,
    stage: Cast,
    checker: ScriptedChecker,
    method: str,
    path: str,
    operation: dict[str, Any],
) -> None:
    documented = set(operation["responses"]) | {"404"}

    @settings(
        max_examples=60 if "requestBody" in operation else 25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        at=places(path, stage.line.id),
        query=parameters(operation),
        body=bodies(operation),
        key=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=70),
        language=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    )
    def runs(at: str, query: str, body: str | None, key: str, language: str) -> None:
        cache.clear()  # or the limits on sign-in would answer most of it
        headers = {"Idempotency-Key": key, "Accept-Language": language}
        answer = alice._send(method.upper(), at + query, body, headers)
        assert answer.status_code < 500, answer.content
        assert str(answer.status_code) in documented, answer.content
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
        if path == "/v1/tokens/current":
            assert answer.status_code in (204, 401)

    runs()

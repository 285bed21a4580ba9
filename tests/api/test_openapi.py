"""The OpenAPI document: whole, true to the code, and the one that stands in docs/."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from keepline.api.examples import EXAMPLES
from keepline.api.openapi import document
from keepline.api.problems import ALL
from keepline.api.shapes import (
    accounts,
    carriers,
    esims,
    orders,
    plans,
    purchases,
    renewals,
    requests,
    wallets,
)
from tests.api.callers import Caller

DOCUMENT = document()
SHAPES = (accounts, carriers, esims, orders, plans, purchases, renewals, requests, wallets)
OPERATIONS = {
    operation["operationId"]: operation
    for path in DOCUMENT["paths"].values()
    for operation in path.values()
}
ROOT = Path(__file__).resolve().parent.parent.parent


def test_it_is_served_as_it_stands_in_docs() -> None:
    served = Caller().get("/v1/openapi.json")
    assert served["Content-Type"] == "application/json"
    assert served.content == (ROOT / "docs/api/openapi.json").read_bytes(), "run `keepline docs`"


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from _refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from _refs(value)


def test_every_reference_leads_somewhere() -> None:
    found = set(_refs(DOCUMENT))
    assert found
    for ref in found:
        node = DOCUMENT
        for part in ref.removeprefix("#/").split("/"):
            node = node[part]


def test_no_number_is_left_where_json_wants_text() -> None:
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT
    assert DOCUMENT["openapi"] == "3.1.0"
    assert "x-problems" not in json.dumps(DOCUMENT)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_described(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    assert len(operation["tags"]) == 1
    statuses = set(operation["responses"])
    assert {"400", "500", "503"} <= statuses
    assert any(status.startswith("2") for status in statuses)
    assert bool(operation["security"]) == ("401" in statuses or name == "create_token") or (
        name == "create_token"
    )
    if "requestBody" in operation:
        assert {"413", "415", "422"} <= statuses
        assert list(operation["requestBody"]["content"]) == ["application/json"]
        may_be_left_out = name == "begin_identity_check"
        assert operation["requestBody"]["required"] is not may_be_left_out


def test_what_moves_money_needs_a_key() -> None:
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    keyed = {name for name, one in OPERATIONS.items() if key in one["parameters"]}
    assert keyed == {
        "create_line",
        "create_renewal",
        "create_top_up",
        "reclaim_number",
        "switch_carrier",
        "reissue_esim",
    }


def test_the_token_is_a_bearer_token() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert [(s["type"], s["scheme"]) for s in schemes.values()] == [("http", "bearer")]


def _shapes() -> dict[str, type[BaseModel]]:
    return {
        name: value
        for module in SHAPES
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, BaseModel)
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_fit_their_shapes(name: str) -> None:
    shape = _shapes()[name]
    read = shape.model_validate_json(json.dumps(EXAMPLES[name]))
    written = json.loads(read.model_dump_json(exclude_unset=True))
    assert written == EXAMPLES[name]


def test_every_problem_has_an_example_and_is_named_somewhere() -> None:
    assert set(DOCUMENT["components"]["examples"]) == set(ALL)
    used = {ref.rsplit("/", 1)[1] for ref in _refs(DOCUMENT) if "/examples/" in ref}
    # Any address may refuse a method; details of an account are changed in the portal only, ways to
    # pay are saved there, books are compared by a command, and staff refund in the back office.
    # Numbers are held, and messages are erased and kept for longer, in the portal alone.
    elsewhere = {
        "method_refused",
        "currency_refused",
        "push_unavailable",
        "subscription_refused",
        "profile_refused",
        "provider_silent",
        "span_refused",
        "too_many_held",
        "number_change_refused",
        "number_change_too_soon",
        "sim_not_free",
        "phone_refused",
        "reissue_limit",
        "not_refundable",
        "reason_missing",
        "arrival_settled",
        "review_decided",
        "second_person",
        "dispute_closed",
        "evidence_refused",
        "messages_kept",
        "days_refused",
        *(code for code in ALL if code.startswith("refund_")),
    }
    assert set(ALL) - used <= elsewhere


def test_strings_that_callers_send_are_bounded() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for name in ("SignIn", "WhatToRenew", "Renewal", "AutoRenewChange", "TopUp", "Money"):
        assert schemas[name]["additionalProperties"] is False
        for field, schema in schemas[name]["properties"].items():
            for one in schema.get("anyOf", [schema]):
                if one.get("type") == "string" and "enum" not in one:
                    fixed = re.search(r"\{\d+(,\d+)?\}", one.get("pattern", ""))
                    assert "maxLength" in one or fixed, f"{name}.{field}"


def test_the_walk_through_names_only_what_exists() -> None:
    text = (ROOT / "docs/api/README.md").read_text(encoding="utf-8")
    for path in re.findall(r"(?:GET|POST|PUT|PATCH|DELETE) (/v1/[^\s`:]*)", text):
        pattern = re.sub(r"\{[^}]+\}|\$[A-Z]+", "{}", path.split("?")[0])
        known = {re.sub(r"\{[^}]+\}", "{}", one) for one in DOCUMENT["paths"]}
        assert pattern in known, path
    for code in re.findall(r"`([a-z]+_[a-z_]+)` \(\d{3}\)", text):
        assert code in ALL, code

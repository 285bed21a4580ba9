"""PATCH /v1/lines/{id}: the line's name."""

import pytest

from keepline.lines.models import Line
from tests.api.callers import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def path(stage: Cast) -> str:
    return f"/v1/lines/{stage.line.id}"


def test_the_answer_is_the_line_as_it_is_now(alice: Caller, stage: Cast) -> None:
    answer = alice.patch(path(stage), {"label": "Mother's"})
    assert answer.status_code == 200
    assert answer.json()["label"] == "Mother's"
    assert answer.json() == alice.get(path(stage)).json()
    assert alice.patch(path(stage), {"label": ""}).json()["label"] == ""


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("x" * 61, "validation_failed"),
        ("two\nlines", "validation_failed"),
        (None, "validation_failed"),
        (7, "validation_failed"),
        ("turned \u202egnp", "label_refused"),
        ("next\x85line", "label_refused"),
    ],
)
def test_what_is_no_name_is_refused(label: object, code: str, alice: Caller, stage: Cast) -> None:
    answer = alice.patch(path(stage), {"label": label})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert Line.objects.by_id(stage.line.id).label == ""


def test_who_may_only_look_names_nothing(bob: Caller, stage: Cast) -> None:
    answer = bob.patch(path(stage), {"label": "Mine"})
    assert (answer.status_code, answer.json()["code"]) == (403, "role_refused")
    assert Line.objects.by_id(stage.line.id).label == ""

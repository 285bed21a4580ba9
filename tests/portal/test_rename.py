"""A name for a line, by the form on its page."""

import pytest
from django.test import Client

from keepline.flows.errors import CATALOGUE
from keepline.lines.models import Line
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def address(stage: Cast) -> str:
    return f"/lines/{stage.line.id}/"


def kept(stage: Cast) -> str:
    return str(Line.objects.by_id(stage.line.id).label)


def test_the_form_leads_back_to_the_line(stage: Cast, alice: Client) -> None:
    assert f'action="{address(stage)}rename/"' in alice.get(address(stage)).content.decode()
    answer = alice.post(f"{address(stage)}rename/", {"label": "Mother & <son>"})
    assert (answer.status_code, answer["Location"]) == (302, address(stage))
    page = alice.get(address(stage)).content.decode()
    assert 'value="Mother &amp; &lt;son&gt;"' in page
    assert "Saved." in page
    assert "Mother &amp; &lt;son&gt;" in alice.get("/").content.decode()


def test_what_was_typed_is_kept_and_the_form_stands_open(stage: Cast, alice: Client) -> None:
    answer = alice.post(f"{address(stage)}rename/", {"label": "x" * 61})
    page = answer.content.decode()
    assert (answer.status_code, kept(stage)) == (422, "")
    assert CATALOGUE["label_refused"].title in page
    assert f'value="{"x" * 61}"' in page
    assert '<details id="name" open>' in page


def test_a_form_without_the_field_takes_no_name_away(stage: Cast, alice: Client) -> None:
    alice.post(f"{address(stage)}rename/", {"label": "Shop"})
    assert alice.post(f"{address(stage)}rename/", {}).status_code == 422
    assert kept(stage) == "Shop"


def test_a_strangers_line_is_not_there(stage: Cast, charlie: Client) -> None:
    for label in ("Mine", "x" * 61):
        assert charlie.post(f"{address(stage)}rename/", {"label": label}).status_code == 404
    assert kept(stage) == ""

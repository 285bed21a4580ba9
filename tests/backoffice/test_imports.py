"""The page of imports: for staff only, and with no row of anybody."""

import pytest
from django.test import Client

from keepline.audit import imports
from keepline.audit.imports import Counts
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db
PAGE = "/backoffice/imports/"


def test_for_others_it_does_not_exist(stage: Cast, alice: Client) -> None:
    assert alice.get(PAGE).status_code == 404
    assert Client().get(PAGE).status_code == 302


def test_before_the_first_it_says_how(olga: Client) -> None:
    assert "keepline import-base" in olga.get(PAGE).content.decode()
    assert f'href="{PAGE}"' in olga.get("/backoffice/stock/").content.decode()


def test_one_that_was_stopped_and_one_that_is_done(olga: Client) -> None:
    run = imports.begin_import("ab" * 32, "<base>.csv", NOW)
    out = [(2, "msisdn", "+44 7700 900143", "in_quarantine")]
    imports.record_part(run, [7], Counts(41, 3, 1), out)
    page = olga.get(PAGE).content.decode()
    assert "Stopped" in page
    assert "goes on with what is not in yet" in page
    assert "&lt;base&gt;.csv" in page
    assert "msisdn · in_quarantine" in page
    assert "900143" not in page
    imports.finish_import(run, NOW, "base.imported")
    page = olga.get(PAGE).content.decode()
    assert "Stopped" not in page
    assert "<dd>41</dd>" in page

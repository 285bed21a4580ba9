"""list_imports: how far each file is, and in as many queries for many as for one."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.audit import imports
from keepline.audit import services as audit
from keepline.audit.imports import Counts
from keepline.audit.models import ImportRun
from keepline.flows import forget_imports
from keepline.flows.list_imports import SHOWN, list_imports
from tests.cast import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
OUT = [
    (2, "msisdn", "+44 7700 900143", "in_quarantine"),
    (3, "msisdn", "+44 7700 900144", "in_quarantine"),
    (4, "", "", "too_few_columns"),
]


def begun(place: int = 0) -> ImportRun:
    run = imports.begin_import(f"{place:032x}" * 2, f"base-{place}.csv", NOW + place * HOUR)
    imports.record_part(run, [7, 8], Counts(5, 1, len(OUT)), OUT)
    return run


def test_how_far_it_is() -> None:
    run = begun()
    (seen,) = list_imports()
    assert (seen.file_name, seen.stage, seen.counts) == ("base-0.csv", "stopped", Counts(5, 1, 3))
    assert imports.claim_import(run)
    assert list_imports()[0].stage == "running"
    imports.free_import(run)
    imports.record_part(run, [9], Counts(2, 0, 0), [])
    assert list_imports()[0].counts == Counts(7, 1, 3)
    imports.finish_import(run, NOW + HOUR, "base.imported")
    (seen,) = list_imports()
    assert (seen.stage, seen.finished_at, seen.counts) == ("done", NOW + HOUR, Counts(7, 1, 3))


def test_why_rows_stayed_out_without_the_rows() -> None:
    begun()
    (seen,) = list_imports()
    assert seen.reasons == [("msisdn", "in_quarantine", 2), ("", "too_few_columns", 1)]
    assert "900143" not in str(seen)


def test_what_was_erased() -> None:
    begun(1)
    begun(2)
    for hours in (3, 4):
        facts = {"digest": f"{1:032x}", "since": NOW.isoformat()}
        at = NOW + hours * HOUR
        audit.record(forget_imports.ACTION, actor="worker", now=at, facts=facts)
    erased = {seen.file_name: seen.erased_at for seen in list_imports()}
    assert erased == {"base-1.csv": NOW + 4 * HOUR, "base-2.csv": None}


def test_many_cost_no_more_than_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    assert list_imports() == []
    for place in range(SHOWN + 2):
        begun(place)
    with django_assert_num_queries(5):
        seen = list_imports()
    assert len(seen) == SHOWN
    assert seen[0].file_name == f"base-{SHOWN + 1}.csv"

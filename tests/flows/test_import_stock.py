"""import_stock: every good row in, every bad one reported, twice changes nothing, codes sealed."""

import csv
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.audit.models import AuditEvent, ImportRefusal, ImportRun
from keepline.flows.import_stock import StockFile, import_stock
from keepline.flows.importing.judging import Refusal
from keepline.flows.importing.loading import ImportResult
from keepline.flows.importing.reading import FileRefused
from keepline.flows.stocking.columns import FILES
from keepline.flows.stocking.judging import HIDDEN, Known, PoolFacts, StockJudge
from keepline.inventory import holding, queries
from keepline.inventory import services as inventory
from keepline.inventory.models import Card, Number, Profile, SimIdentity
from keepline.inventory.naming import number_id
from keepline.inventory.sealing import sealing_keys
from keepline.slots.ids import new_id
from tests import cast
from tests.cast import NOW
from tests.flows import test_import_base as base
from tests.inventory import shelves

Refusals = list[tuple[int, str, str, str]]
FIRST = shelves.FIRST
PIN = {"pin": "4711", "puk": "87654321"}


def number(place: int = 0, **more: str) -> dict[str, str]:
    return {"msisdn": f"+{FIRST + place}", "pool": "uk", "last_used_on": ""} | more


def card(place: int = 0, **more: str) -> dict[str, str]:
    return {"iccid": shelves.iccid(place), "pool": "plastic", "imsi": shelves.imsi(place)} | more


def profile(place: int = 0, **more: str) -> dict[str, str]:
    code = f"LPA:1$smdp.example.com$AB-{place}"
    made = {"iccid": shelves.iccid(place), "pool": "esims", "imsi": shelves.imsi(place)}
    return made | {"activation_code": code} | more


def written(path: Path, kind: str, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, FILES[kind].columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(
    kind: str, path: Path, check: bool = False, at_once: int = 1, now: datetime = NOW, **more: Any
) -> tuple[ImportResult, Refusals]:
    refused: Refusals = []

    def keep(found: Iterator[tuple[int, str, str, str]]) -> None:
        refused.extend(found)

    file = StockFile(kind, path, **({"batch_rows": 3} | more))
    return import_stock(file, check, now, lambda *_: None, keep, at_once), refused


@pytest.fixture
def pools(db: None) -> None:
    make_pools()


def make_pools() -> None:
    shelves.pool("uk", "number", ranges=[[FIRST, FIRST + 999_999]])
    shelves.pool("other", "number")
    shelves.pool("plastic", "card", iccid_prefixes=["8944"], imsi_prefixes=["23433", "262"])
    shelves.pool("more-plastic", "card")
    shelves.pool("esims", "profile")


def test_numbers_come_in_free(pools: None, tmp_path: Path) -> None:
    result, refused = run("numbers", written(tmp_path / "n.csv", "numbers", [number(), number(1)]))
    assert (result.rows_in, result.rows_present, refused) == (2, 0, [])
    one = Number.objects.get(e164=FIRST)
    assert (one.state, one.since_at, one.rested_since, one.line_id) == (
        "available",
        NOW,
        None,
        None,
    )
    assert one.id == number_id(FIRST)
    assert AuditEvent.objects.get(action="stock.imported").facts["rows_in"] == 2
    pool = queries.pools_by_code()["uk"]
    assert queries.free_numbers(pool.id, new_id(1), 9)


def test_a_number_that_somebody_had_of_late_rests_first(pools: None, tmp_path: Path) -> None:
    """NOW is 10 March: 45 days of law have passed since 23 January, and the day itself counts."""
    days = {0: "2026-01-23", 1: "2026-01-24", 2: "2026-03-10", 3: "2020-02-29"}
    rows = [number(place, last_used_on=day) for place, day in days.items()]
    run("numbers", written(tmp_path / "n.csv", "numbers", rows))
    found = {n.e164 - FIRST: n for n in Number.objects.all()}
    assert {place: n.state for place, n in found.items()} == {
        0: "available",
        1: "quarantine",
        2: "quarantine",
        3: "available",
    }
    assert found[1].until_at == datetime(2026, 3, 11, tzinfo=UTC)
    assert found[1].rested_since == datetime(2026, 1, 25, tzinfo=UTC)
    assert found[2].rested_since == NOW  # the day is not over
    assert shelves.release_rested(datetime(2026, 3, 11, tzinfo=UTC)) == 1
    pool = queries.pools_by_code()["uk"]
    order = [holding.hold_any(Number, [pool.id], new_id(1), NOW, NOW).e164 for _ in range(3)]
    assert [e164 - FIRST for e164 in order] == [3, 0, 1]


BAD_NUMBERS = [
    ({"msisdn": ""}, "msisdn", "missing"),
    ({"msisdn": "+44 7700 900000 x"}, "msisdn", "malformed"),
    ({"msisdn": "+999123456789"}, "msisdn", "country"),
    ({"msisdn": "+4477009"}, "msisdn", "length"),
    ({"msisdn": "+447911123456"}, "msisdn", "outside_the_pool"),
    ({"pool": ""}, "pool", "missing"),
    ({"pool": "nowhere"}, "pool", "unknown"),
    ({"pool": "plastic"}, "pool", "of_another_kind"),
    ({"last_used_on": "yesterday"}, "last_used_on", "not_a_date"),
    ({"last_used_on": "2026-03-20"}, "last_used_on", "in_the_future"),
    ({"last_used_on": "1026-03-20"}, "last_used_on", "not_a_plausible_year"),
    ({"msisdn": "+44770090\u0007"}, "msisdn", "not_readable"),
]
BAD_CARDS = [
    ({"iccid": ""}, "iccid", "missing"),
    ({"iccid": "8944000000000000007"}, "iccid", "check_digit"),
    ({"iccid": "89440"}, "iccid", "length"),
    ({"iccid": "8949000000000000000"}, "iccid", "outside_the_pool"),
    ({"imsi": "23433"}, "imsi", "length"),
    ({"imsi": "162011234567890"}, "imsi", "country"),
    ({"imsi": "001010123456789"}, "imsi", "outside_the_pool"),
    ({"pool": "uk"}, "pool", "of_another_kind"),
    ({"pin": "123"}, "pin", "malformed"),
    ({"pin": "12a4"}, "pin", "malformed"),
    ({"puk": "1234"}, "puk", "malformed"),
    ({"pin2": "123456789"}, "pin2", "malformed"),
    ({"puk2": "123456789"}, "puk2", "malformed"),
]
BAD_PROFILES = [
    ({"activation_code": "LPA:2$a$B"}, "activation_code", "format"),
    ({"activation_code": "LPA:1$a"}, "activation_code", "malformed"),
    ({"activation_code": "LPA:1$smdp.example.com$"}, "activation_code", "matching_id"),
    ({"activation_code": "LPA:1$smdp.example.com$ab"}, "activation_code", "matching_id"),
    ({"activation_code": "LPA:1$smdp.example.com$AB$$1"}, "confirmation_code", "missing"),
    ({"activation_code": "LPA:1$a$B$" + "1." * 70 + "1"}, "activation_code", "oid"),
    ({"smdp_address": "other.example.com"}, "smdp_address", "differs_from_activation_code"),
    ({"matching_id": "CD-1"}, "matching_id", "differs_from_activation_code"),
    ({"activation_code": "", "matching_id": "AB"}, "smdp_address", "missing"),
    (
        {"activation_code": "", "smdp_address": "a b", "matching_id": "AB"},
        "smdp_address",
        "address",
    ),
    (
        {"activation_code": "", "smdp_address": "a.com", "matching_id": "a"},
        "matching_id",
        "matching_id",
    ),
    ({"activation_code": "", "confirmation_code": "1"}, "matching_id", "missing"),
    ({"confirmation_code": "a b"}, "confirmation_code", "malformed"),
    ({"pool": "plastic"}, "pool", "of_another_kind"),
]
BAD = [
    *(("numbers", number, *bad) for bad in BAD_NUMBERS),
    *(("cards", card, *bad) for bad in BAD_CARDS),
    *(("profiles", profile, *bad) for bad in BAD_PROFILES),
]


@pytest.mark.parametrize(("kind", "row", "changes", "field", "reason"), BAD)
def test_a_bad_row_is_reported_and_the_others_are_in(
    pools: None,
    tmp_path: Path,
    kind: str,
    row: Any,
    changes: dict[str, str],
    field: str,
    reason: str,
) -> None:
    bad = row(1, **changes)
    result, refused = run(kind, written(tmp_path / "f.csv", kind, [row(), bad]))
    said = bad.get(field, "")
    shown = HIDDEN if said and field in FILES[kind].secret else said
    assert refused == [(3, field, shown, reason)]
    assert result.rows_in == 1


def test_every_reason_stands_in_the_page() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "inventory.md").read_text()
    table = page[page.index("| reason |") :]
    for _kind, _row, _changes, field, reason in BAD:
        rows = [line for line in table.splitlines() if f"`{reason}`" in line]
        assert rows, reason
        if reason != "not_readable":
            assert any(field in line for line in rows), (field, reason)


def test_twice_changes_nothing_and_a_mended_file_brings_the_rest(
    pools: None, tmp_path: Path
) -> None:
    for kind, row, model in (
        ("numbers", number, Number),
        ("cards", card, Card),
        ("profiles", profile, Profile),
    ):
        shift = {"numbers": 0, "cards": 0, "profiles": 500}[kind]
        rows = [row(shift), row(shift + 1), row(shift + 2, pool="nowhere")]
        path = written(tmp_path / f"{kind}.csv", kind, rows)
        assert run(kind, path)[0].rows_in == 2
        again, refused = run(kind, path)
        assert (again.finished_before, len(refused), model.objects.count()) == (True, 1, 2)
        before = list(model.objects.order_by("id").values())
        rows[2] |= {"pool": rows[0]["pool"]}
        mended, refused = run(kind, written(tmp_path / f"{kind}2.csv", kind, rows))
        assert (mended.rows_in, mended.rows_present, refused) == (1, 2, [])
        ids = [one["id"] for one in before]
        assert list(model.objects.filter(id__in=ids).order_by("id").values()) == before


@pytest.mark.books_broken  # the number's line is not there
def test_numbers_of_a_base_get_a_pool_whatever_they_do(pools: None, tmp_path: Path) -> None:
    inventory.add_numbers([FIRST, FIRST + 1], NOW)
    inventory.assign(FIRST, new_id(1), new_id(1), NOW)
    result, _ = run("numbers", written(tmp_path / "n.csv", "numbers", [number(), number(1)]))
    assert (result.rows_in, result.rows_present) == (2, 0)
    assert [n.state for n in Number.objects.order_by("e164")] == ["assigned", "available"]
    assert Number.objects.filter(pool_id=queries.pools_by_code()["uk"].id).count() == 2
    rows = [number(0, pool="other"), number(1)]
    result, refused = run("numbers", written(tmp_path / "m.csv", "numbers", rows))
    assert [(r[1], r[3]) for r in refused] == [("pool", "in_another_pool")]
    assert (result.rows_in, result.rows_present) == (0, 1)


def test_what_repeats_in_the_file_is_told_with_its_line(pools: None, tmp_path: Path) -> None:
    rows = [number(), number(1), number()]
    _, refused = run("numbers", written(tmp_path / "n.csv", "numbers", rows), batch_rows=1)
    assert [(r[0], r[1], r[3]) for r in refused] == [(4, "msisdn", "repeats_line_2")]
    rows = [card(), card(1, imsi=shelves.imsi(0)), card(2), card(0, imsi="")]
    _, refused = run("cards", written(tmp_path / "c.csv", "cards", rows), batch_rows=9999)
    assert [(r[0], r[1], r[3]) for r in refused] == [
        (3, "imsi", "repeats_line_2"),
        (5, "iccid", "repeats_line_2"),
    ]
    rows = [profile(100), profile(101, activation_code="LPA:1$SMDP.example.com$AB-100")]
    _, refused = run("profiles", written(tmp_path / "p.csv", "profiles", rows), batch_rows=9999)
    assert refused == [(3, "matching_id", HIDDEN, "repeats_line_2")]


def test_an_identity_is_one_cards_over_batches_files_and_kinds(pools: None, tmp_path: Path) -> None:
    run("cards", written(tmp_path / "c.csv", "cards", [card()]))
    rows = [
        card(imsi=shelves.imsi(9)),
        card(1, imsi=shelves.imsi(0)),
        card(2),
        card(3, pool="more-plastic"),
    ]
    _, refused = run("cards", written(tmp_path / "d.csv", "cards", rows), batch_rows=1)
    assert [(r[0], r[1], r[3]) for r in refused] == [
        (2, "imsi", "differs_from_stock"),
        (3, "imsi", "in_stock_already"),
    ]
    rows = [profile(), profile(7, imsi=shelves.imsi(0)), profile(8), profile(9, imsi="")]
    _, refused = run("profiles", written(tmp_path / "p.csv", "profiles", rows), batch_rows=1)
    assert [(r[0], r[1], r[3]) for r in refused] == [
        (2, "iccid", "is_a_card"),
        (3, "imsi", "in_stock_already"),
    ]
    same = profile(10, imsi="", activation_code="LPA:1$smdp.EXAMPLE.com$AB-8")
    _, refused = run("profiles", written(tmp_path / "q.csv", "profiles", [same]))
    assert refused == [(2, "matching_id", HIDDEN, "in_stock_already")]
    assert SimIdentity.objects.count() == Card.objects.count() + Profile.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_loaders_that_meet_at_an_imsi_leave_it_to_one(tmp_path: Path) -> None:
    make_pools()
    rows = [card(place, imsi=shelves.imsi(place // 4)) for place in range(400)]
    path = written(tmp_path / "c.csv", "cards", rows)
    result, refused = run("cards", path, batch_rows=40, at_once=3)
    assert (result.rows_in, result.rows_bad, Card.objects.count()) == (100, 300, 100)
    reasons = {(r[1], r[3].split("_line")[0]) for r in refused}
    assert reasons <= {("imsi", "in_stock_already"), ("imsi", "repeats")}


def test_codes_are_sealed_and_in_no_report(pools: None, tmp_path: Path) -> None:
    rows = [card(0, **PIN), card(1, **PIN, pin2="12"), card(2)]
    result, refused = run("cards", written(tmp_path / "c.csv", "cards", rows))
    assert (result.rows_in, refused) == (2, [(3, "pin2", HIDDEN, "malformed")])
    first = queries.sim(Card, shelves.iccid(0))
    blank = queries.sim(Card, shelves.iccid(2))
    assert first is not None
    assert blank is not None
    assert queries.codes_of(first) == PIN
    assert (blank.sealed_codes, queries.codes_of(blank)) == ("", {})
    kept = json.dumps([*Card.objects.values(), *ImportRefusal.objects.values()], default=str)
    assert not [code for code in PIN.values() if code in kept]


def test_profiles_bring_their_activation_codes(pools: None, tmp_path: Path) -> None:
    code = "LPA:1$SMDP.Example.com$AB-1$1.3.6.1.4.1.31746$1"
    rows = [
        profile(1, activation_code=code, confirmation_code="4711"),
        profile(2, activation_code="", smdp_address="smdp.example.com", matching_id="CD-2"),
        profile(3, activation_code=""),
    ]
    result, refused = run("profiles", written(tmp_path / "p.csv", "profiles", rows))
    assert (result.rows_in, refused) == (3, [])
    first, second, third = (queries.sim(Profile, shelves.iccid(place)) for place in (1, 2, 3))
    assert first is not None
    assert second is not None
    assert third is not None
    assert str(queries.activation_code_of(first)) == code
    assert queries.confirmation_code_of(first) == "4711"
    assert str(queries.activation_code_of(second)) == "LPA:1$smdp.example.com$CD-2"
    assert queries.confirmation_code_of(second) == ""
    assert queries.activation_code_of(third) is None


def test_what_a_base_has_comes_in_as_its_lines(tmp_path: Path, pools: None) -> None:
    cast.plan()
    taken, esim = shelves.iccid(0), shelves.iccid(5)
    rows = [
        base.row(iccid=taken),
        base.row(account_ref="A-2", msisdn="+447700900102", iccid=esim),
    ]
    base.run(base.written(tmp_path / "base.csv", rows))
    run("cards", written(tmp_path / "c.csv", "cards", [card(), card(1)]))
    run("profiles", written(tmp_path / "p.csv", "profiles", [profile(5)]))
    states = {one.iccid: (one.state, one.line_id, one.account_id) for one in Card.objects.all()}
    line = queries.line_with_card(taken)
    number = queries.number(447700900101)
    assert number is not None
    assert states[taken] == ("assigned", line, number.account_id)
    assert states[shelves.iccid(1)] == ("available", None, None)
    assert (Profile.objects.get().state, Profile.objects.get().line_id) == (
        "installed",
        queries.line_with_card(esim),
    )


def test_a_base_takes_its_cards_off_the_shelf(tmp_path: Path, pools: None) -> None:
    cast.plan()
    run("cards", written(tmp_path / "c.csv", "cards", [card(), card(1), card(2)]))
    run("profiles", written(tmp_path / "p.csv", "profiles", [profile(5)]))
    sold = shelves.iccid(1)
    Card.objects.filter(iccid=sold).update(state="held", account_id=new_id(1), until_at=NOW)
    rows = [
        base.row(account_ref=f"A-{place}", msisdn=f"+44770090010{place}", iccid=shelves.iccid(name))
        for place, name in enumerate((0, 1, 5))
    ]
    _, refused = base.run(base.written(tmp_path / "base.csv", rows))
    assert refused == [(3, "iccid", sold, "held_already")]
    assert Card.objects.get(iccid=shelves.iccid(0)).state == "assigned"
    assert Card.objects.get(iccid=shelves.iccid(0)).line_id == queries.line_with_card(
        shelves.iccid(0)
    )
    assert Card.objects.get(iccid=sold).state == "held"
    assert Profile.objects.get().state == "installed"
    assert queries.line_with_card(sold) is None


def test_check_keeps_nothing_and_reports_the_same(pools: None, tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "cards", [card(n % 5, imsi="") for n in range(8)])
    checked, refused = run("cards", path, check=True)
    assert (Card.objects.count(), SimIdentity.objects.count(), ImportRun.objects.count()) == (
        0,
    ) * 3
    real, refused_again = run("cards", path)
    assert (checked, refused) == (real, refused_again)
    assert (checked.rows_in, checked.rows_bad) == (5, 3)


def test_one_file_as_another_kind_is_another_import(pools: None, tmp_path: Path) -> None:
    path = tmp_path / "sims.csv"
    path.write_text(f"iccid,pool\n{shelves.iccid(0)},plastic\n")
    assert run("cards", path)[0].rows_in == 1
    result, refused = run("profiles", path)
    assert not result.finished_before
    assert refused == [(2, "pool", "plastic", "of_another_kind")]


def test_a_mapping_names_the_files_columns(pools: None, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(
        'date_form = "%d.%m.%Y"\ndelimiter = ";"\n[columns]\nmsisdn = "Rufnummer"\n'
    )
    (tmp_path / "n.csv").write_text(f"Rufnummer;pool;last_used_on;note\n{FIRST};uk;01.02.2020;x\n")
    result, refused = run("numbers", tmp_path / "n.csv", mapping_path=tmp_path / "map.toml")
    assert (result.rows_in, refused, result.ignored_columns) == (1, [], ("note",))
    (tmp_path / "map.toml").write_text('[columns]\niccid = "Karte"\n')
    with pytest.raises(FileRefused, match="iccid"):
        run("numbers", tmp_path / "n.csv", mapping_path=tmp_path / "map.toml")
    with pytest.raises(FileRefused, match="no column iccid"):
        run("cards", tmp_path / "n.csv")


@pytest.mark.django_db(transaction=True)
def test_a_kill_in_the_middle_is_taken_up_again(
    process_environment: dict[str, str], tmp_path: Path
) -> None:
    make_pools()
    rows = [card(place, **PIN) for place in range(1000)]
    path = written(tmp_path / "c.csv", "cards", rows)
    module = [sys.executable, "-m", "keepline.cli.main", "import-stock", "cards"]
    command = [*module, str(path), "--batch=100"]
    dies = process_environment | {"KEEPLINE_CRASH_AT": "import_stock.batch:uncommitted"}
    assert subprocess.run(command, env=dies, capture_output=True).returncode == -signal.SIGKILL
    assert Card.objects.count() == 0
    dies = process_environment | {"KEEPLINE_CRASH_AT": "import_stock.batch:after"}
    assert subprocess.run(command, env=dies, capture_output=True).returncode == -signal.SIGKILL
    assert 100 <= Card.objects.count() < 1000
    done = subprocess.run(command, env=process_environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (Card.objects.count(), SimIdentity.objects.count()) == (1000, 1000)
    assert re.search(r"Went on: \d{3} rows were done", done.stdout)
    opened = queries.codes_of(Card.objects.order_by("?")[0])
    assert opened == PIN  # sealed by one process, opened by another
    assert PIN["puk"] not in done.stdout + done.stderr


# -- any row, any bytes ---------------------------------------------------------------------------

CHARACTERS = st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00")
CELLS = st.text(CHARACTERS, max_size=8) | st.sampled_from(
    ["uk", "plastic", "esims", shelves.iccid(1), f"+{FIRST}", "4711", "LPA:1$a$B", "2020-01-01"]
)
POOLS = {
    code: PoolFacts(place, kind, (), (), ())
    for place, (code, kind) in enumerate(
        [("uk", "number"), ("plastic", "card"), ("esims", "profile")]
    )
}


@given(st.sampled_from(sorted(FILES)), st.lists(CELLS, min_size=7, max_size=7))
def test_any_row_is_judged_without_a_crash(kind: str, values: list[str]) -> None:
    file = FILES[kind]
    judge = StockJudge(kind, Known(POOLS, sealing_keys(), timedelta(days=45), None, NOW))
    cells = [value.strip() for value in values[: len(file.columns)]]
    verdict = judge.judge(2, cells)
    assert 0 <= judge.slot_of(cells) < 256
    if isinstance(verdict, Refusal):
        assert verdict.field in file.columns
        assert verdict.field not in file.secret or verdict.value in ("", HIDDEN)
        return
    assert verdict.count("\t") == len(file.staged) - 1
    assert verdict.endswith("\n")
    assert verdict.count("\n") == 1
    assert int(verdict[:3]) < 256

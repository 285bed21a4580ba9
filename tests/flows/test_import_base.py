"""import_base: every good row in, every bad row reported, twice changes nothing."""

import csv
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.accounts.models import Account
from keepline.audit.models import AuditEvent, ImportRun
from keepline.flows.import_base import ImportResult, import_base
from keepline.flows.importing.fields import language_of
from keepline.flows.importing.reading import COLUMNS, FileRefused, layout_of, read_mapping, rows
from keepline.inventory.models import CardHolding, Number, OwnershipPeriod
from keepline.inventory.naming import number_id
from keepline.ledger.models import Transfer, Wallet
from keepline.lines.models import Extension, Line, Validity
from keepline.orders.models import Order
from tests import cast
from tests.cast import NOW

GOOD = {
    "account_ref": "A-1",
    "name": "Анна 王",
    "email": "anna@example.com",
    "phone": "+447700900001",
    "language": "en",
    "time_zone": "Europe/Kyiv",
    "currency": "USD",
    "wallet_balance": "12.50",
    "line_kind": "keep_alive",
    "msisdn": "+447700900101",
    "iccid": "",
    "carrier": "",
    "plan_code": "keep-1m",
    "activated_at": "2025-01-31",
    "valid_until": "2026-05-01",
    "auto_renew": "yes",
}
Refusals = list[tuple[int, str, str, str]]


def row(**changes: str) -> dict[str, str]:
    return GOOD | changes


def written(
    path: Path, made: list[dict[str, str]], encoding: str = "utf-8", delimiter: str = ","
) -> Path:
    with path.open("w", encoding=encoding, newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(made)
    return path


def run(path: Path, **options: Any) -> tuple[ImportResult, Refusals]:
    refused: Refusals = []

    def keep(found: Iterator[tuple[int, str, str, str]]) -> None:
        refused.extend(found)

    values: dict[str, Any] = {"mapping_path": None, "check": False, "batch_rows": 3} | options
    result = import_base(path, now=NOW, progress=lambda *_: None, report=keep, **values)
    return result, refused


@pytest.fixture
def plan(db: None) -> Any:
    return cast.plan()


def base_rows() -> tuple[int, ...]:
    models = (Account, Wallet, Transfer, Number, OwnershipPeriod, CardHolding, Line, Validity)
    return tuple(m.objects.count() for m in (*models, Order, Extension))


def test_a_good_row_brings_everything(plan: Any, tmp_path: Path) -> None:
    result, refused = run(written(tmp_path / "base.csv", [row(iccid="8949000000000000000")]))
    assert (result.rows_in, refused) == (1, [])
    account = Account.objects.get(external_ref="A-1")
    assert (account.name, account.contact_email) == ("Анна 王", "anna@example.com")
    wallet = Wallet.objects.get(account_id=account.id)
    assert (wallet.posted_minor, wallet.currency) == (1250, "USD")
    assert Transfer.objects.get(credit_id=wallet.id).amount_minor == 1250
    line = Line.objects.get(account_id=account.id)
    clock = Validity.objects.by_id(line.id)
    # A bare date ends with the next local midnight: Kyiv is three hours ahead in May.
    assert clock.valid_until == datetime(2026, 5, 1, 21, 0, tzinfo=UTC)
    assert (clock.dormant, clock.auto_renew, clock.state) == (True, True, "active")
    assert Number.objects.get(e164=447700900101).line_id == line.id
    assert OwnershipPeriod.objects.get(line_id=line.id).begins_at == line.activated_at
    assert Number.objects.get().id == number_id(447700900101)
    assert CardHolding.objects.get(line_id=line.id).iccid == "8949000000000000000"
    assert Extension.objects.get(line_id=line.id).period_end == clock.valid_until
    assert AuditEvent.objects.get(action="base.imported").facts["rows_in"] == 1


def test_twice_changes_nothing_and_a_mended_file_brings_the_rest(plan: Any, tmp_path: Path) -> None:
    made = [row(), row(account_ref="A-2", msisdn="+447700900102", currency="XXZ")]
    path = written(tmp_path / "base.csv", made)
    assert run(path)[0].rows_bad == 1
    before = base_rows()
    again, refused = run(path)
    assert again.finished_before
    assert (base_rows(), len(refused)) == (before, 1)
    made[1]["currency"] = "USD"
    mended, refused = run(written(tmp_path / "mended.csv", made))
    assert (mended.rows_in, mended.rows_present, refused) == (1, 1, [])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ru_RU", "ru"),
        ("RU", "ru"),
        ("uk_UA", "uk"),
        ("zh_CN", "zh-hans"),
        ("zh-Hant", "zh-hant"),
        ("de-AT", "de-at"),
    ],
)
def test_a_holders_language_is_ours_or_kept(given: str, kept: str) -> None:
    assert language_of(given) == kept


BAD = [
    ({"account_ref": ""}, "account_ref", "missing"),
    ({"account_ref": "A" * 65}, "account_ref", "too_long"),
    ({"name": "A\u0007"}, "name", "not_readable"),
    ({"email": "no-at-sign"}, "email", "malformed"),
    ({"phone": "12"}, "phone", "malformed"),
    ({"language": "tlh"}, "language", "unknown"),
    ({"time_zone": "Mars/Olympus"}, "time_zone", "unknown"),
    ({"currency": ""}, "currency", "missing"),
    ({"currency": "EUR"}, "currency", "plan_has_no_price"),
    ({"wallet_balance": "1,500"}, "wallet_balance", "ambiguous"),
    ({"wallet_balance": "a lot"}, "wallet_balance", "malformed"),
    ({"wallet_balance": "1.5055"}, "wallet_balance", "too_precise"),
    ({"wallet_balance": "-1"}, "wallet_balance", "negative"),
    ({"line_kind": "travel_sim"}, "line_kind", "not_the_plans"),
    ({"msisdn": ""}, "msisdn", "missing"),
    ({"iccid": "8949000000000000007"}, "iccid", "check_digit"),
    ({"carrier": "nobody"}, "carrier", "unknown"),
    ({"plan_code": "nothing"}, "plan_code", "unknown"),
    ({"valid_until": ""}, "valid_until", "missing"),
    ({"valid_until": "31.02.2026"}, "valid_until", "not_a_date"),
    ({"valid_until": "2024-01-01"}, "valid_until", "before_activated_at"),
    ({"activated_at": "0001-01-01"}, "activated_at", "not_a_plausible_year"),
    ({"auto_renew": "perhaps"}, "auto_renew", "not_yes_or_no"),
]


@pytest.mark.parametrize(("changes", "field", "reason"), BAD)
def test_a_bad_row_is_reported_and_the_others_are_in(
    plan: Any, tmp_path: Path, changes: dict[str, str], field: str, reason: str
) -> None:
    good = row(account_ref="A-9", msisdn="+447700900109")
    result, refused = run(written(tmp_path / "base.csv", [good, row(**changes)]))
    assert refused == [(3, field, changes[field], reason)]
    assert (result.rows_in, Line.objects.count()) == (1, 1)


def test_rows_of_an_account_must_agree(plan: Any, tmp_path: Path) -> None:
    made = [row(msisdn=f"+4477009001{n:02}", wallet_balance="") for n in range(8)]
    made[0]["wallet_balance"] = "5"
    made[1]["name"] = "Somebody else"
    made[5]["time_zone"] = "Asia/Shanghai"
    made[6]["wallet_balance"] = "6"
    made[7]["msisdn"] = made[2]["msisdn"]
    result, refused = run(written(tmp_path / "base.csv", made))
    assert [(r[0], r[1], r[3]) for r in refused] == [
        (3, "name", "differs_from_line_2"),
        (7, "time_zone", "differs_from_line_2"),
        (8, "wallet_balance", "differs_from_line_2"),
        (9, "msisdn", "repeats_line_4"),
    ]
    assert result.rows_in == 4
    assert Wallet.objects.get().posted_minor == 500


def test_an_opening_balance_is_booked_once(plan: Any, tmp_path: Path) -> None:
    run(written(tmp_path / "base.csv", [row(wallet_balance="5")]))
    more = [row(msisdn="+447700900102", wallet_balance="6"), row(msisdn="+447700900103")]
    _, refused = run(written(tmp_path / "more.csv", more))
    assert {(r[1], r[3]) for r in refused} == {("wallet_balance", "differs_from_what_was_booked")}
    assert Wallet.objects.get().posted_minor == 500


def test_a_number_has_one_holder(plan: Any, tmp_path: Path) -> None:
    first = row(iccid="8949000000000000000")
    rows_ = [
        first,
        row(account_ref="A-2"),
        first | {"account_ref": "A-3", "msisdn": "447700900103"},
    ]
    result, refused = run(written(tmp_path / "base.csv", rows_), batch_rows=1)
    # Which account comes first follows from the slots: the first row's is behind A-3's.
    assert [(r[0], r[1], r[3]) for r in refused] == [(2, "iccid", "held_already")]
    assert result.rows_in == 2
    again = [rows_[1], first | {"account_ref": "A-9", "iccid": ""}]
    _, refused = run(written(tmp_path / "again.csv", again))
    assert [(r[0], r[1], r[3]) for r in refused] == [(3, "msisdn", "held_already")]


@pytest.mark.django_db(transaction=True)
def test_loaders_that_meet_at_a_number_leave_it_to_one(tmp_path: Path) -> None:
    cast.plan()
    claims = [row(account_ref=f"A-{n}", msisdn=f"+4477009{n // 4:05}") for n in range(400)]
    result, refused = run(written(tmp_path / "base.csv", claims), batch_rows=40, at_once=3)
    assert (result.rows_in, result.rows_bad) == (100, 300)
    assert {(r[1], r[3].split("_line")[0]) for r in refused} <= {
        ("msisdn", "held_already"),
        ("msisdn", "repeats"),
    }
    assert Number.objects.filter(state="assigned").count() == 100


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "Анна 王"),
        ("utf-8-sig", "Анна 王"),
        ("utf-16", "Анна 王"),
        ("windows-1251", "Анна Ковальчук, Київ"),
        ("gb18030", "王小明，北京市朝阳区"),
    ],
)
def test_encodings_and_delimiters(
    plan: Any, tmp_path: Path, encoding: str, name: str, delimiter: str
) -> None:
    path = written(tmp_path / "base.csv", [row(name=name)], encoding, delimiter)
    result, refused = run(path)
    assert (result.rows_in, refused) == (1, [])
    assert Account.objects.get().name == name


def test_a_mapping_names_what_is_different(plan: Any, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        'decimal_mark = ","\ndate_form = "%d.%m.%Y"\n[columns]\nmsisdn = "Telefon"\n'
    )
    made = row(wallet_balance="1.234,50", activated_at="31.01.2025", valid_until="01.05.2026")
    text = written(tmp_path / "base.csv", [made]).read_text().replace("msisdn", "Telefon")
    (tmp_path / "base.csv").write_text(text.replace("iccid", "Notiz"))
    result, refused = run(tmp_path / "base.csv", mapping_path=mapping)
    assert (result.rows_in, refused, result.ignored_columns) == (1, [], ("notiz",))
    assert Wallet.objects.get().posted_minor == 123450


def test_check_keeps_nothing_and_reports_the_same(plan: Any, tmp_path: Path) -> None:
    path = written(tmp_path / "base.csv", [row(), row(account_ref="A-2")])
    before = base_rows()
    checked, refused = run(path, check=True)
    assert (base_rows(), ImportRun.objects.count()) == (before, 0)
    assert run(path)[1] == refused
    assert (checked.rows_in, checked.rows_bad) == (1, 1)


def test_a_file_as_a_whole_can_be_refused(tmp_path: Path) -> None:
    (tmp_path / "no.csv").write_text("a,b,c\n1,2,3\n")
    with pytest.raises(FileRefused, match="no column account_ref"):
        layout_of(tmp_path / "no.csv", read_mapping(None))
    (tmp_path / "map.toml").write_text('colour = "red"')
    with pytest.raises(FileRefused, match="colour"):
        read_mapping(tmp_path / "map.toml")


def test_rows_that_cannot_be_split_are_reported(plan: Any, tmp_path: Path) -> None:
    path = written(tmp_path / "base.csv", [row()])
    with path.open("a") as out:
        out.write("only,three,cells\r\n")
    result, refused = run(path)
    assert (result.rows_in, refused) == (1, [(3, "", "", "too_few_columns")])


@pytest.mark.django_db(transaction=True)
def test_a_kill_in_the_middle_is_taken_up_again(
    process_environment: dict[str, str], tmp_path: Path
) -> None:
    cast.plan()
    made = [row(account_ref=f"A-{n}", msisdn=f"+4477009{n:05}") for n in range(1000)]
    path = written(tmp_path / "base.csv", made)
    command = [sys.executable, "-m", "keepline.cli.main", "import-base", str(path), "--batch=100"]
    own = {"KEEPLINE_DATA": str(tmp_path / "data")}  # other killed imports lie in the tests' own
    process_environment = process_environment | own
    dies = process_environment | {"KEEPLINE_CRASH_AT": "import_base.batch:uncommitted"}
    killed = subprocess.run(command, env=dies, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert Line.objects.count() == 0
    dies = process_environment | {"KEEPLINE_CRASH_AT": "import_base.batch:after"}
    killed = subprocess.run(command, env=dies, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert 100 <= Line.objects.count() < 1000
    left = Path(process_environment["KEEPLINE_DATA"]) / "importing"
    assert [stat.S_IMODE(each.stat().st_mode) for each in left.iterdir()] == [0o700]
    done = subprocess.run(command, env=process_environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert Line.objects.count() == 1000
    assert re.search(r"Went on: \d{3} rows were done", done.stdout)
    assert Wallet.objects.filter(posted_minor=1250).count() == 1000
    assert list(left.iterdir()) == [], "rows tell of people, and do not stay behind"
    assert os.path.exists(tmp_path / "base.refused.csv")  # noqa: PTH110


CHARACTERS = st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00")
CELLS = st.text(CHARACTERS, max_size=8)


@given(st.lists(CELLS, min_size=16, max_size=16))
def test_any_row_is_judged_without_a_crash(values: list[str]) -> None:
    from keepline.flows.importing.judging import Judge, Known, Refusal
    from keepline.flows.importing.reading import Layout

    layout = Layout(Path("x"), "utf-8", ",", ".", None, tuple(range(16)), (), 0)
    verdict = Judge(layout, Known({}, {}, NOW)).judge(2, [v.strip() for v in values])
    assert isinstance(verdict, Refusal)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        path.write_bytes(b"account_ref,currency,line_kind,plan_code,valid_until\n" + data)
        try:
            layout = layout_of(path, read_mapping(None))
        except FileRefused:
            return
        for _, values, _ in rows(layout):
            assert len(values) == len(COLUMNS)

"""Small tests of the house itself: what review would otherwise have to remember."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models

from keepline.slots.models import SlottedForeignKey, SlottedModel

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "keepline"
SOURCES = sorted(p for p in PACKAGE.rglob("*.py") if "migrations" not in p.parts)
FLOWS = sorted(p for p in (PACKAGE / "flows").glob("*.py") if p.name != "__init__.py")
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "manager", "base"}
LONGEST_FILE, LONGEST_FUNCTION = 400, 70

# These only shrink. Each says why it is there.
WRITES_STATE_IN_SQL = {
    "lines/services.py",  # extend and transition: the two writers of a line's state
    "inventory/services.py",  # numbers: assign and withdraw in one statement with their period
    "flows/importing/statements.py",  # a base is taken over in sets
    "lines/due.py",  # the clock moves many at once
    "orders/services.py",  # transition, which may be sent along with other statements
}
MODULES_OF_FLOWS = {
    "errors",
    "steps",
    "sale",
    "wake",
    "limits",
    "auto_renewal",
    "line_at_network",
    "paying",
    "changing",
    "choosing_sim",
}  # not verbs


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=relative)
def test_comments_point_to_pages_that_a_reader_has(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    folders = (ROOT, ROOT / "docs", ROOT / "docs" / "decisions")
    pages = set(re.findall(r"[\w/.-]+\.md\b", text))
    assert {page for page in pages if not any((f / page).exists() for f in folders)} == set()
    assert not re.search(r"\bdesign[,:] ", text), "say the reason, or name a page of docs/"


def test_the_import_law() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_sizes_and_names(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE, "the file is too long"
    assert path.stem not in FORBIDDEN_NAMES, "the name says nothing"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


CLOCKS = re.compile(r"\b(?:datetime\.now|datetime\.utcnow|timezone\.now|date\.today|time\.time)\b")


@pytest.mark.parametrize("folder", ["core", "flows"])
def test_core_and_flows_have_no_clock(folder: str) -> None:
    for path in (PACKAGE / folder).rglob("*.py"):
        code = "\n".join(ast.unparse(node) for node in tree(path).body)
        assert not CLOCKS.search(code), relative(path)


MONEY_FOLDERS = ("core", "ledger", "orders", "payments", "catalog", "flows")


@pytest.mark.parametrize("folder", MONEY_FOLDERS)
def test_no_float_near_money(folder: str) -> None:
    for path in (PACKAGE / folder).rglob("*.py"):
        if "migrations" in path.parts or path.name == "lifeline.py":  # coordinates of a drawing
            continue
        for node in ast.walk(tree(path)):
            literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            called = isinstance(node, ast.Name) and node.id == "float"
            where = f"{relative(path)}:{getattr(node, 'lineno', 0)}"
            assert not literal, where
            assert not called, where


STATE_IN_SQL = re.compile(r"\bSET\b[^;]*?\bstate\s*=", re.IGNORECASE | re.DOTALL)


def test_states_are_written_by_transition_only() -> None:
    found = set()
    for path in SOURCES:
        if "gateways" in path.parts:  # fakes keep states of their own
            continue
        for node in ast.walk(tree(path)):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and STATE_IN_SQL.search(text):
                found.add(relative(path))
            if isinstance(node, ast.FunctionDef) and node.name != "transition":
                found |= {relative(path) for _ in _updates_of_state(node)}
    assert found <= WRITES_STATE_IN_SQL, found - WRITES_STATE_IN_SQL


def _updates_of_state(function: ast.FunctionDef) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            names = {keyword.arg for keyword in node.keywords}
            if node.func.attr == "update" and "state" in names:
                yield node


PORTS = {"payments", "network", "smdp_plus", "porting", "identity", "email", "sms"}
# These ask nobody to act.
NO_CALL = {
    "event_of",
    "finds_charges",
    "keeps",
    "name",
    "read_callback",
    "stores_methods",
    "tells_refunds",
    "verify_webhook",
}


@pytest.mark.parametrize("path", FLOWS, ids=relative)
def test_ports_are_called_inside_a_network_step(path: Path) -> None:
    module = tree(path)
    inside = {
        id(inner)
        for node in ast.walk(module)
        if isinstance(node, ast.With) and "network_step" in ast.unparse(node.items[0])
        for inner in ast.walk(node)
    }
    for node in ast.walk(module):
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call)):
            continue
        port = re.match(r"switchboard\.(\w+)\(", ast.unparse(node.value))
        if port and port[1] in PORTS and node.attr not in NO_CALL:
            assert id(node) in inside, f"{relative(path)}:{node.lineno}"


@pytest.mark.parametrize("path", FLOWS, ids=relative)
def test_every_flow_has_its_test_its_row_and_its_action(path: Path) -> None:
    if path.stem in MODULES_OF_FLOWS:
        return
    assert (ROOT / "tests" / "flows" / f"test_{path.stem}.py").exists(), "no test"
    assert f"`{path.stem}`" in (ROOT / "docs" / "flows.md").read_text(), "no row in docs/flows.md"
    if not path.stem.startswith(("show_", "list_")):
        names = {
            target.id
            for node in tree(path).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        assert "ACTION" in names, "no audit action"


SHARDED = [m for m in apps.get_models() if issubclass(m, SlottedModel)]


@pytest.mark.parametrize("model", SHARDED, ids=lambda m: m._meta.db_table)
def test_what_is_unique_or_referred_to_contains_the_slot(model: type[models.Model]) -> None:
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            assert "slot" in constraint.fields, constraint.name
    for field in model._meta.concrete_fields:
        assert not (field.unique and field.name != "id"), field.name
        if isinstance(field, models.ForeignKey):
            assert isinstance(field, SlottedForeignKey), field.name


@pytest.mark.django_db
@pytest.mark.parametrize("model", SHARDED, ids=lambda m: m._meta.db_table)
def test_the_databases_key_is_slot_and_id(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.attname FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k(n, place)"
            " JOIN pg_attribute a ON a.attnum = k.n"
            " WHERE i.indrelid = %s::regclass AND i.indisprimary AND a.attrelid = i.indrelid"
            " ORDER BY k.place",
            [model._meta.db_table],
        )
        assert [row[0] for row in cursor.fetchall()] == ["slot", "id"]
        cursor.execute(
            "SELECT count(*) FROM information_schema.columns WHERE table_name = %s"
            " AND (is_identity = 'YES' OR column_default LIKE 'nextval%%')",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (0,), "a sequence"


TABLES = "|".join(sorted(m._meta.db_table for m in SHARDED))
UPDATES = re.compile(rf"UPDATE\s+({TABLES})\b(.*?)(?=UPDATE\s|\Z)", re.IGNORECASE | re.DOTALL)


def test_updates_name_the_slot_and_compute_nothing_volatile() -> None:
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                continue
            for table, rest in UPDATES.findall(node.value):
                where = f"{relative(path)}:{node.lineno} {table}"
                assert "slot" in rest, f"{where}: runs on every shard"
                assert not re.search(r"\b(now|random|clock_timestamp)\(", rest), where


@pytest.mark.django_db
def test_every_model_is_migrated() -> None:
    """Exits with 1, and says what is missing, when a migration is."""
    call_command("makemigrations", check=True, dry_run=True)

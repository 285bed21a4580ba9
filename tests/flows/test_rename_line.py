"""rename_line: one line of visible characters, once in the audit, never on another's line."""

from uuid import uuid4

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows.errors import FlowRefused
from keepline.flows.rename_line import ACTION, rename_line
from keepline.lines.models import Line
from tests.cast import NOW, Cast, assemble

pytestmark = pytest.mark.django_db
FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"


@pytest.fixture
def stage() -> Cast:
    return assemble(line_fields={"label": "Shop"})


def rename(stage: Cast, label: str) -> str:
    """The label that is then in the database."""
    rename_line(stage.line.id, stage.account.id, label, "user:1", NOW)
    return kept(stage)


def kept(stage: Cast) -> str:
    return str(Line.objects.by_id(stage.line.id).label)


def acts() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=ACTION))


@pytest.mark.parametrize(
    ("label", "becomes"),
    [
        ("Mother's old number", "Mother's old number"),
        ("  妈妈的旧号码 ", "妈妈的旧号码"),
        ("x" * 60, "x" * 60),
        (FAMILY, FAMILY),
        ("رقم أمي", "رقم أمي"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_it_bears_the_name(label: str, becomes: str, stage: Cast) -> None:
    assert rename(stage, label) == becomes


@pytest.mark.parametrize(
    "label",
    [
        "x" * 61,
        "two\nlines",
        "a\ttab",
        "nul\x00",
        "delete\x7f",
        "next\x85line",
        "half \ud800",
        "line\u2028separator",
        "turned \u202egnp.exe",
        "isolated \u2067x",
    ],
)
def test_what_is_no_name_changes_nothing(label: str, stage: Cast) -> None:
    with pytest.raises(FlowRefused, match="label_refused"):
        rename(stage, label)
    assert (kept(stage), acts()) == ("Shop", [])


def test_the_audit_says_who_and_which_line_but_not_the_words(stage: Cast) -> None:
    rename(stage, "Lover's number")
    [act] = acts()
    assert (act.actor, act.account_id, act.subject_id) == (
        "user:1",
        stage.account.id,
        stage.line.id,
    )
    assert act.facts == {"changed": ["label"]}


def test_the_same_name_again_is_no_act(stage: Cast) -> None:
    assert rename(stage, "Shop") == "Shop"
    assert acts() == []


def test_another_accounts_line_is_not_there(stage: Cast) -> None:
    for line_id, account_id in (
        (stage.line.id, stage.other_account.id),
        (uuid4(), stage.account.id),
    ):
        with pytest.raises(FlowRefused, match="not_found"):
            rename_line(line_id, account_id, "Mine", "user:9", NOW)
    assert (kept(stage), acts()) == ("Shop", [])

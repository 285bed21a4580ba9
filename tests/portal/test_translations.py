"""Every word of code and templates is translated; nothing is uncertain or left over."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    loader = SourceFileLoader("messages_tool", str(ROOT / "tools" / "messages"))
    spec = spec_from_loader(loader.name, loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_chinese_is_complete(messages: ModuleType) -> None:
    path = messages.LOCALES / "zh_Hans" / "LC_MESSAGES" / "django.po"
    assert messages.gaps(messages.read(path), messages.template()) == []


def test_a_gap_would_be_seen(messages: ModuleType) -> None:
    wanted, catalog = Catalog(), Catalog(locale="zh_Hans")
    wanted.add("Pay")
    wanted.add("Renew")
    wanted.add("Top up")
    catalog.add("Pay", "")
    catalog.add("Renew", "续费", flags=["fuzzy"])
    catalog.add("Gone", "没了")
    assert messages.gaps(catalog, wanted) == [
        "not in the file: ('Top up', None)",
        "said nowhere: ('Gone', None)",
        "not translated: ('Pay', None)",
        "uncertain: ('Renew', None)",
    ]


def test_placeholders_survive_translation(messages: ModuleType) -> None:
    """A lost %(total)s would be a page that cannot be shown."""
    catalog = messages.read(messages.LOCALES / "zh_Hans" / "LC_MESSAGES" / "django.po")
    broken = [message.id for message in catalog if message.id and list(message.check(catalog))]
    assert broken == []

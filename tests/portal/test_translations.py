"""Every word of code and templates is translated into every language; nothing is uncertain."""

import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.utils.translation import to_locale

from keepline.catalog.reading import preset_names, preset_text, read_catalog
from keepline.core.formats import LOCALES

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
TAG = re.compile(r"</?[a-z][^>]*>|&[a-z]+;")
CYRILLIC = re.compile(r"[а-яёіїєґ]", re.IGNORECASE)
NAMES = {"Alipay", "Apple Pay", "Google Pay", "PayPal", "WeChat Pay", "eSIM", "Notification"}
END = (".", "?", ":")
of_every_language = pytest.mark.parametrize("language", LANGUAGES)
of_cyrillic = pytest.mark.parametrize("language", [one for one in LANGUAGES if one in {"ru", "uk"}])


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    loader = SourceFileLoader("messages_tool", str(ROOT / "tools" / "messages"))
    spec = spec_from_loader(loader.name, loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wanted(messages: ModuleType) -> Catalog:
    template: Catalog = messages.template()
    return template


def catalogue(messages: ModuleType, language: str) -> Catalog:
    path = messages.LOCALES / to_locale(language) / "LC_MESSAGES" / "django.po"
    found: Catalog = messages.read(path)
    return found


def said(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


@of_every_language
def test_it_is_complete(language: str, messages: ModuleType, wanted: Catalog) -> None:
    assert messages.gaps(catalogue(messages, language), wanted) == []


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


@of_every_language
def test_placeholders_survive_translation(language: str, messages: ModuleType) -> None:
    """A lost %(total)s would be a page that cannot be shown."""
    catalog = catalogue(messages, language)
    broken = [message.id for message in catalog if message.id and list(message.check(catalog))]
    assert broken == []


@of_every_language
def test_tags_survive_translation(language: str, messages: ModuleType) -> None:
    for message in catalogue(messages, language):
        original = message.id if isinstance(message.id, str) else (message.id or ("",))[0]
        for form in said(message) if original else ():
            assert sorted(TAG.findall(form)) == sorted(TAG.findall(original)), original


@of_every_language
def test_a_number_has_all_forms_of_the_language(language: str, messages: ModuleType) -> None:
    """Russian counts 1 линия, 2 линии, 5 линий: a form that is missing would be a wrong word."""
    catalog = catalogue(messages, language)
    plurals = [message for message in catalog if message.pluralizable]
    assert len(plurals) > 20
    for message in plurals:
        assert len(said(message)) == catalog.num_plurals, message.id
        assert catalog.num_plurals == 1 or all(said(message)), message.id


@of_cyrillic
def test_sentences_end_as_the_original_does(language: str, messages: ModuleType) -> None:
    """A question stays one, a sentence keeps its full stop, a label gets none."""
    for message in catalogue(messages, language):
        original = message.id if isinstance(message.id, str) else (message.id or ("",))[-1]
        for form in said(message) if original[-1:] in END else ():
            assert form[-1] == original[-1], (original, form)


@of_cyrillic
def test_cyrillic_texts_are_not_left_english(language: str, messages: ModuleType) -> None:
    """What stays in Latin letters is names, and texts without a word at all."""
    latin = [
        message.id
        for message in catalogue(messages, language)
        if message.id
        and re.search(r"[a-z]{3}", re.sub(r"%\(\w+\)s", "", str(message.id)))
        and not all(CYRILLIC.search(form) for form in said(message))
    ]
    assert set(map(str, latin)) <= NAMES


@of_every_language
def test_numbers_and_dates_are_written_in_it(language: str) -> None:
    assert language in LOCALES


@of_every_language
def test_plans_and_regions_of_the_presets_are_named_in_it(language: str) -> None:
    for preset in preset_names():
        file = read_catalog(preset, preset_text(preset))
        names = [plan.name for plan in file.plans] + [region["name"] for region in file.regions]
        assert [name["en"] for name in names if not name.get(language)] == []

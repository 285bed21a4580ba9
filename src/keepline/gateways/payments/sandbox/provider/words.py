"""The words on the provider's pages, in the languages that Keepline speaks."""

import tomllib
from importlib.resources import files
from typing import Final

LANGUAGES: Final[dict[str, tuple[str, str]]] = {  # ours -> Babel's, shown name
    "en": ("en", "English"),
    "zh-Hans": ("zh_Hans_CN", "简体中文"),
    "ru": ("ru_RU", "Русский"),
    "uk": ("uk_UA", "Українська"),
}


def _words(language: str) -> dict[str, str]:
    return tomllib.loads(
        (files(__package__) / "languages" / f"{language}.toml").read_text(encoding="utf-8")
    )


WORDS: Final[dict[str, dict[str, str]]] = {language: _words(language) for language in LANGUAGES}


def language_of(*wishes: str | None) -> str:
    """The first wish that names a language we have, whatever the country, else English."""
    ours = {language.partition("-")[0]: language for language in LANGUAGES}
    for wish in filter(None, wishes):
        known = ours.get(wish.lower().partition("-")[0])
        if known:
            return known
    return "en"

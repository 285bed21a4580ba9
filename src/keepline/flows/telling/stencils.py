"""A letter is rendered once for all that have its shape; each one fills in its own words.

A template (templates/letters) decides by some facts, as by the kind, and prints others, as a day.
Letters for which it decides alike differ in nothing but what is printed: so it is rendered for the
first of them, with marks where those words stand. A hundred thousand reminders cost what their
names and days cost.
"""

import re
from collections.abc import Hashable, Mapping
from functools import lru_cache
from html import escape, unescape
from typing import Final, NamedTuple

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import strip_tags

# Control characters, which no template says; what people wrote is put in later, and never read.
MARK: Final = "\x02{}\x03"
MARKS: Final = re.compile("\x02([a-z_]+)\x03")
SHAPES_AT_MOST: Final = 2048


class Both(NamedTuple):
    """The same, as plain text and as HTML."""

    text: str
    html: str


class Facts(NamedTuple):
    """What a letter can say. Templates may decide by `decides`, which takes few values, and by
    whether a word of `says` is empty; they may print both. A word is plain text, or both forms of
    what was written before."""

    decides: Mapping[str, Hashable]
    says: Mapping[str, str | Both]


class Stencil:
    """A rendered text with blanks."""

    __slots__ = ("_names", "_pieces")

    def __init__(self, rendered: str) -> None:
        self._pieces = MARKS.split(rendered)  # text, name, text, name ... text
        self._names = self._pieces[1::2]

    def filled(self, words: Mapping[str, str]) -> str:
        """Raises KeyError for a blank without a word."""
        pieces = self._pieces.copy()
        pieces[1::2] = [words[name] for name in self._names]
        return "".join(pieces)


def written(name: str, language: str, facts: Facts) -> Both:
    """The letter templates/letters/`name`. No query."""
    said = frozenset(name for name, word in facts.says.items() if word)
    text, html = _stencils(name, language, tuple(facts.decides.items()), said)
    return Both(
        text.filled({k: _plain(word) for k, word in facts.says.items()}),
        html.filled({k: _escaped(word) for k, word in facts.says.items()}),
    )


def _plain(word: str | Both) -> str:
    return word.text if isinstance(word, Both) else word


def _escaped(word: str | Both) -> str:
    return word.html if isinstance(word, Both) else escape(word)


@lru_cache(maxsize=SHAPES_AT_MOST)
def _stencils(
    name: str,
    language: str,
    decides: tuple[tuple[str, Hashable], ...],
    said: frozenset[str],
) -> tuple[Stencil, Stencil]:
    context = {**dict(decides), **{word: MARK.format(word) for word in said}, "language": language}
    with translation.override(language):
        words = render_to_string("letters/words.html", context).strip()
        plain = unescape(strip_tags(words))
        text = render_to_string(f"letters/{name}.txt", {**context, "words": plain})
        html = render_to_string(f"letters/{name}.html", {**context, "words": words})
    return Stencil(text), Stencil(html)

"""Tells how a file's text is encoded, or says that it cannot be told.

A byte order mark decides; else zero bytes in every other place (UTF-16); else strict UTF-8; else
GB18030 or windows-1251, told apart by what decoding gives: Cyrillic is words of one script, Chinese
is written mostly with the 3,755 characters of GB 2312's first level, and Cyrillic words of odd
length are no GB18030 at all. Where neither or both would do, nothing is guessed.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

SAMPLE_BYTES = 1 << 20
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What a mapping file may say, by the names Python has for it.
NAMED = {
    "utf-8": "utf-8-sig",  # takes a mark where there is one, and none where not
    "utf-8-sig": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "cp1251": "windows-1251",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
}
CYRILLIC_WORD = re.compile("[А-ЯЁІЇЄҐ]?[а-яёіїєґ]+|[А-ЯЁІЇЄҐ]+")
NON_ASCII = re.compile(r"[^\x00-\x7f]")
FIRST_LEVEL = range(0xB0, 0xD8)  # lead bytes
EVERYDAY_PERCENT = 70
CYRILLIC_PERCENT = 90


def named_encoding(name: str) -> str | None:
    """The encoding that somebody named, None for one that is not read."""
    try:
        return NAMED.get(codecs.lookup(name).name)
    except LookupError:
        return None


def encoding_of(path: Path) -> str | None:
    """The encoding of a file, None when it cannot be told. Raises OSError."""
    with path.open("rb") as raw:
        sample = raw.read(SAMPLE_BYTES)
        for mark, encoding in MARKS:
            if sample.startswith(mark):
                return encoding
        if wide := _unmarked_utf_16(sample):
            return wide
        raw.seek(0)
        if _decodes(iter(lambda: raw.read(SAMPLE_BYTES), b""), "utf-8"):
            return "utf-8"
    chinese, cyrillic = _is_chinese(sample), _is_cyrillic(sample)
    if chinese == cyrillic:
        return None
    return "gb18030" if chinese else "windows-1251"


def _unmarked_utf_16(sample: bytes) -> str | None:
    """The columns' names are ASCII: in UTF-16 every other of their bytes is zero."""
    head = sample[:16]
    if head and not any(head[1::2]) and all(head[0::2]):
        return "utf-16-le"
    if head and not any(head[0::2]) and all(head[1::2]):
        return "utf-16-be"
    return None


def _decodes(chunks: Iterator[bytes], encoding: str, whole: bool = True) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for chunk in chunks:
            decoder.decode(chunk)
        decoder.decode(b"", final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(sample: bytes) -> bool:
    """Whether it is GB18030, and most of what is beyond ASCII is everyday characters."""
    if not _decodes(iter([sample]), "gb18030", whole=len(sample) < SAMPLE_BYTES):
        return False
    text = NON_ASCII.findall(sample.decode("gb18030", errors="ignore"))
    everyday = sum(_is_everyday(character) for character in text)
    letters = sum(map(str.isalpha, text))
    return letters > 0 and 100 * everyday >= EVERYDAY_PERCENT * letters


def _is_everyday(character: str) -> bool:
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(code) == len("中".encode("gb2312")) and code[0] in FIRST_LEVEL


def _is_cyrillic(sample: bytes) -> bool:
    """Whether windows-1251 gives words of Cyrillic letters, and little else beyond ASCII."""
    text = sample.decode("windows-1251", errors="replace")
    beyond = len(NON_ASCII.findall(text))
    words = [word for word in CYRILLIC_WORD.findall(text) if len(word) > 1]
    in_words = sum(map(len, words)) + 1  # initials stand alone
    return beyond > 0 and 100 * in_words >= CYRILLIC_PERCENT * beyond

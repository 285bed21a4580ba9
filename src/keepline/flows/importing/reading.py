"""Reads an operator's CSV as it is: encodings, delimiters, names of columns. No database here.

Encoding: a byte order mark decides; else strict UTF-8; else GB18030 or windows-1251, told apart
by what decoding gives (Cyrillic words are of one script, and of odd lengths that GB18030 cannot
hold). Where both would do, the file is not guessed at: the mapping file must name it.
"""

import codecs
import csv
import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COLUMNS = (
    "account_ref",
    "name",
    "email",
    "phone",
    "language",
    "time_zone",
    "currency",
    "wallet_balance",
    "line_kind",
    "msisdn",
    "iccid",
    "carrier",
    "plan_code",
    "activated_at",
    "valid_until",
    "auto_renew",
)
NEEDED = ("account_ref", "currency", "line_kind", "plan_code", "valid_until")
DELIMITERS = (",", ";", "\t")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "windows-1251", "gb18030")
SAMPLE_BYTES = 1 << 20
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CYRILLIC_WORD = re.compile("[А-ЯЁІЇЄҐ]?[а-яёіїєґ]+|[А-ЯЁІЇЄҐ]+")
NON_ASCII = re.compile(r"[^\x00-\x7f]")


class FileRefused(Exception):
    """The file as a whole cannot be read; the sentence says what to do."""


@dataclass(frozen=True)
class FileMapping:
    """What the mapping file says; everything has a default."""

    encoding: str | None = None
    delimiter: str | None = None
    decimal_mark: str = "."
    date_form: str | None = None  # strptime; None is ISO 8601
    columns: Mapping[str, str] = field(default_factory=dict)  # ours -> the file's


@dataclass(frozen=True)
class Layout:
    """How one file is written. `places` is the index of each of our columns, None if absent."""

    path: Path
    encoding: str
    delimiter: str
    decimal_mark: str
    date_form: str | None
    places: tuple[int | None, ...]
    ignored: tuple[str, ...]
    size_bytes: int


def read_mapping(path: Path | None) -> FileMapping:
    """Reads a mapping file (TOML). Raises FileRefused."""
    if path is None:
        return FileMapping()
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FileRefused(f"The mapping file {path} cannot be read: {error}.") from error
    unknown = set(values) - {"encoding", "delimiter", "decimal_mark", "date_form", "columns"}
    if unknown:
        raise FileRefused(f"The mapping file has unknown keys: {', '.join(sorted(unknown))}.")
    mapping = FileMapping(**values)
    strangers = set(mapping.columns) - set(COLUMNS)
    if strangers:
        raise FileRefused(f"[columns] names what we do not have: {', '.join(sorted(strangers))}.")
    if mapping.encoding not in (None, *ENCODINGS):
        raise FileRefused(f"encoding must be one of {', '.join(ENCODINGS)}.")
    if mapping.delimiter not in (None, *DELIMITERS) or mapping.decimal_mark not in (".", ","):
        raise FileRefused("delimiter is a comma, a semicolon or a tab; decimal_mark is . or ,")
    return mapping


def layout_of(path: Path, mapping: FileMapping) -> Layout:
    """Looks at the file once. Raises FileRefused."""
    try:
        size = path.stat().st_size
        encoding = mapping.encoding or _encoding_of(path)
        with path.open(encoding=encoding, newline="") as text:
            header = text.readline().rstrip("\r\n")
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise FileRefused(f"{path} is not {encoding}: {error.reason}.") from error
    delimiter = mapping.delimiter or max(DELIMITERS, key=header.count)
    names = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    wanted = [mapping.columns.get(column, column).strip().lower() for column in COLUMNS]
    places = tuple(names.index(name) if name in names else None for name in wanted)
    missing = [c for c, place in zip(COLUMNS, places, strict=True) if place is None]
    if any(column in NEEDED for column in missing):
        absent = ", ".join(column for column in missing if column in NEEDED)
        raise FileRefused(f"The file has no column {absent}; a mapping file may name it.")
    ignored = tuple(name for name in names if name not in wanted)
    return Layout(
        path, encoding, delimiter, mapping.decimal_mark, mapping.date_form, places, ignored, size
    )


def _encoding_of(path: Path) -> str:
    with path.open("rb") as raw:
        start = raw.read(4)
        for mark, encoding in MARKS:
            if start.startswith(mark):
                return encoding
        raw.seek(0)
        if _decodes(iter(lambda: raw.read(SAMPLE_BYTES), b""), "utf-8"):
            return "utf-8"
        raw.seek(0)
        sample = raw.read(SAMPLE_BYTES)
    cyrillic = _is_cyrillic(sample)
    chinese = _decodes(iter([sample]), "gb18030", whole=len(sample) < SAMPLE_BYTES)
    if cyrillic and not chinese:
        return "windows-1251"
    if chinese and not cyrillic:
        return "gb18030"
    raise FileRefused(
        "The file's encoding cannot be told for sure; name it in a mapping file: "
        'encoding = "gb18030", "windows-1251", "utf-16" or "utf-8".'
    )


def _decodes(chunks: Iterator[bytes], encoding: str, whole: bool = True) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for chunk in chunks:
            decoder.decode(chunk)
        decoder.decode(b"", final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _is_cyrillic(sample: bytes) -> bool:
    """Whether windows-1251 gives words of Cyrillic letters, and little else beyond ASCII."""
    text = sample.decode("windows-1251", errors="replace")
    beyond = len(NON_ASCII.findall(text))
    words = [word for word in CYRILLIC_WORD.findall(text) if len(word) > 1]
    return beyond > 0 and 10 * sum(map(len, words)) >= 9 * beyond - 10  # initials stand alone


def rows(layout: Layout) -> Iterator[tuple[int, list[str], str]]:
    """(line number in the file, values in the order of COLUMNS, fault) of every row.

    `fault` is empty, or why the row could not be split at all. Memory is one row.
    """
    with layout.path.open(encoding=layout.encoding, newline="", errors="replace") as text:
        reader = csv.reader(text, delimiter=layout.delimiter, strict=True)
        next(reader, None)
        width = max(place for place in layout.places if place is not None) + 1
        while True:
            number = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, [""] * len(COLUMNS), str(error)
                continue
            if not cells:
                continue
            fault = "" if len(cells) >= width else "too_few_columns"
            cells += [""] * (width - len(cells))
            yield (
                number,
                ["" if p is None else cells[p].strip() for p in layout.places],
                fault,
            )


def digest_of(path: Path, mapping: FileMapping) -> str:
    """SHA-256 of the file and of how it is read: the same again is the same import."""
    sha = hashlib.sha256(repr(mapping).encode())
    with path.open("rb") as raw:
        while chunk := raw.read(SAMPLE_BYTES):
            sha.update(chunk)
    return sha.hexdigest()

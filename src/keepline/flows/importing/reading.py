"""Reads an operator's CSV as it is: encodings, delimiters, names of columns. No database here."""

import hashlib
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from keepline.core.money import DecimalMark
from keepline.flows.importing.encodings import SAMPLE_BYTES, encoding_of, named_encoding
from keepline.flows.importing.records import records

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
BLOCK = 1000  # rows that a reader takes at once
PROBE = datetime(2026, 1, 31, 13, 45)  # noqa: DTZ001


class FileRefused(Exception):
    """The file as a whole cannot be read; the sentence says what to do."""


@dataclass(frozen=True)
class FileMapping:
    """What the mapping file says; everything has a default."""

    encoding: str | None = None
    delimiter: str | None = None
    decimal_mark: DecimalMark | None = None  # None: either, where a value reads one way only
    date_form: str | None = None  # strptime; None is ISO 8601
    columns: Mapping[str, str] = field(default_factory=dict)  # ours -> the file's


@dataclass(frozen=True)
class Layout:
    """How one file is written. `places` is the index of each of our columns, None if absent."""

    path: Path
    encoding: str
    delimiter: str
    decimal_mark: DecimalMark | None
    date_form: str | None
    places: tuple[int | None, ...]
    ignored: tuple[str, ...]
    width: int  # columns of the header


def read_mapping(path: Path | None, columns_known: Collection[str] = COLUMNS) -> FileMapping:
    """Reads a mapping file (TOML) for a file with these columns. Raises FileRefused."""
    if path is None:
        return FileMapping()
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FileRefused(f"The mapping file {path} cannot be read: {error}.") from error
    columns = values.pop("columns", {})
    if unknown := set(values) - {"encoding", "delimiter", "decimal_mark", "date_form"}:
        raise FileRefused(f"The mapping file has unknown keys: {', '.join(sorted(unknown))}.")
    if not isinstance(columns, dict):
        raise FileRefused("[columns] is a table: our name of a column = the file's name of it.")
    for name, value in [*values.items(), *columns.items()]:
        if not isinstance(value, str) or not value:
            raise FileRefused(f"In the mapping file {name} must be a text.")
    if strangers := set(columns) - set(columns_known):
        raise FileRefused(f"[columns] names what we do not have: {', '.join(sorted(strangers))}.")
    return _checked(FileMapping(columns=columns, **values))


def _checked(mapping: FileMapping) -> FileMapping:
    if mapping.encoding is not None and named_encoding(mapping.encoding) is None:
        raise FileRefused("encoding must be utf-8, utf-16, windows-1251 or gb18030.")
    if mapping.delimiter not in (None, *DELIMITERS):
        raise FileRefused('delimiter is a comma, a semicolon or a tab ("\\t").')
    if mapping.decimal_mark not in (None, ".", ","):
        raise FileRefused('decimal_mark is "." or ",".')
    if mapping.date_form is not None and not _reads_dates(mapping.date_form):
        raise FileRefused('date_form must tell day, month and year, such as "%d.%m.%Y".')
    return mapping


def _reads_dates(form: str) -> bool:
    try:
        return datetime.strptime(PROBE.strftime(form), form).date() == PROBE.date()  # noqa: DTZ007
    except ValueError:
        return False


def layout_of(
    path: Path,
    mapping: FileMapping,
    columns: Sequence[str] = COLUMNS,
    needed: Collection[str] = NEEDED,
) -> Layout:
    """Looks at the file once, which has `columns`, or at least the `needed`. Raises FileRefused."""
    try:
        encoding = named_encoding(mapping.encoding) if mapping.encoding else encoding_of(path)
        if encoding is None:
            raise FileRefused(
                "The file's encoding cannot be told for sure; name it in a mapping file: "
                'encoding = "gb18030", "windows-1251", "utf-16" or "utf-8".'
            )
        with path.open(encoding=encoding, newline="", errors="replace") as text:
            first = text.readline(SAMPLE_BYTES)
        delimiter = mapping.delimiter or max(DELIMITERS, key=first.count)
        _, header, fault = next(records(path, encoding, delimiter), (1, [], ""))
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeError as error:  # a named encoding that needs a mark, and there is none
        raise FileRefused(f"{path} is not {mapping.encoding}: {error}.") from error
    if fault:
        raise FileRefused(f"The first line of {path} cannot be split into columns: {fault}.")
    names = [name.strip().strip("\ufeff").lower() for name in header]
    places, ignored = _places(names, mapping, columns, needed)
    return Layout(
        path,
        encoding,
        delimiter,
        mapping.decimal_mark,
        mapping.date_form,
        places,
        ignored,
        len(names),
    )


def _places(
    names: list[str], mapping: FileMapping, columns: Sequence[str], needed: Collection[str]
) -> tuple[tuple[int | None, ...], tuple[str, ...]]:
    """Where each of our columns stands, and which of the file's are not ours."""
    wanted = [mapping.columns.get(column, column).strip().lower() for column in columns]
    absent = [c for c, name in zip(columns, wanted, strict=True) if name not in names]
    missed = [c for c in absent if c in needed or c in mapping.columns]
    if missed:
        raise FileRefused(
            f"The file has no column {', '.join(missed)}; a mapping file may name it."
        )
    for name in wanted:
        if names.count(name) > 1:
            raise FileRefused(f"The file has two columns {name}.")
    places = tuple(names.index(name) if name in names else None for name in wanted)
    return places, tuple(name for name in names if name not in wanted)


def rows(layout: Layout, part: int = 0, parts: int = 1) -> Iterator[tuple[int, list[str], str]]:
    """(line number in the file, values in the order of the layout's places, fault) of every row.

    `fault` is empty, or why the row could not be split at all. Of several readers each gets every
    so-manieth block of rows.
    """
    pick = itemgetter(*(-1 if place is None else place for place in layout.places))
    needed = max(place for place in layout.places if place is not None) + 1
    found = records(layout.path, layout.encoding, layout.delimiter)
    next(found, None)
    for place, (number, cells, fault) in enumerate(found):
        if place // BLOCK % parts != part:
            continue
        misfit = fault
        if len(cells) < needed:
            misfit = fault or "too_few_columns"
            cells.extend([""] * (needed - len(cells)))
        elif len(cells) > layout.width and any(cells[layout.width :]):
            misfit = "too_many_columns"
        cells.append("")  # what place -1 finds
        yield number, list(map(str.strip, pick(cells))), misfit


def digest_of(path: Path, mapping: FileMapping, kind: str = "") -> str:
    """SHA-256 of the file, of how it is read and what as: the same again is the same import."""
    sha = hashlib.sha256(f"{mapping!r}{kind}".encode())
    with path.open("rb") as raw:
        while chunk := raw.read(SAMPLE_BYTES):
            sha.update(chunk)
    return sha.hexdigest()

"""The file that KEEPLINE_CARRIER_ELEMENTS names: network elements of single carriers.

docs/carriers.md says what it may hold. Tables are named by the carriers' codes.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from keepline.config.values import (
    address,
    file_to_read,
    host,
    long_secret,
    notification_points,
    one_of,
    port_number,
)

Parse = Callable[[str], Any]
# Field: how it is read, and what holds where it is left out; None: it must be there.
HLR: Final[Mapping[str, tuple[Parse, str | None]]] = {
    "host": (host, None),
    "ctrl_port": (port_number, "4259"),
    "vty_port": (port_number, "4258"),
    "when_closed": (one_of("keep", "delete"), "keep"),
}
SMDP: Final[Mapping[str, tuple[Parse, str | None]]] = {
    "url": (address("https"), None),
    "cert": (file_to_read, None),
    "key": (file_to_read, None),
    "ca": (file_to_read, None),
    "requester": (str, None),
    "points": (notification_points, ""),
    "callback_subject": (str, ""),
    "callback_secret": (long_secret, ""),
}


@dataclass(frozen=True, slots=True)
class OwnElements:
    """Of one carrier: the fields of `HLR` and `SMDP`, read; empty where it has none of its own."""

    hlr: Mapping[str, Any] = field(default_factory=dict)
    smdp: Mapping[str, Any] = field(default_factory=dict, repr=False)  # a secret is in it


def read(path: Path) -> dict[str, OwnElements]:
    """By the carrier's code. Raises ValueError, which names carrier and field, and no value."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"it is no TOML: {error}") from None
    found = {code: _of_carrier(code, table) for code, table in tables.items()}
    if not found:
        raise ValueError("it names no carrier")
    return found


def callers(path: Path | str) -> dict[str, tuple[str, str]]:
    """By carrier, subject and secret by which the proxy tells of calls of its own SM-DP+, where it
    has any of its own. Raises ValueError as `read`."""
    own = read(Path(path)) if path else {}
    told = {code: each.smdp for code, each in own.items() if each.smdp}
    return {
        code: (smdp["callback_subject"], smdp["callback_secret"])
        for code, smdp in told.items()
        if smdp["callback_secret"]
    }


def _of_carrier(code: str, table: Any) -> OwnElements:
    if not isinstance(table, dict) or not table or table.keys() - {"hlr", "smdp"}:
        raise ValueError(f"{code} has a table hlr, or smdp, or both")
    smdp = _read(f"{code}.smdp", table["smdp"], SMDP) if "smdp" in table else {}
    if smdp and bool(smdp["callback_subject"]) is not bool(smdp["callback_secret"]):
        raise ValueError(f"{code}.smdp has callback_subject and callback_secret, or neither")
    return OwnElements(
        hlr=_read(f"{code}.hlr", table["hlr"], HLR) if "hlr" in table else {}, smdp=smdp
    )


def _read(where: str, table: Any, known: Mapping[str, tuple[Parse, str | None]]) -> dict[str, Any]:
    if not isinstance(table, dict) or table.keys() - known.keys():
        raise ValueError(f"{where} has {', '.join(known)}, and nothing else")
    return {name: _field(f"{where}.{name}", table.get(name), *known[name]) for name in known}


def _field(where: str, value: object, parse: Parse, usual: str | None) -> Any:
    text = usual if value is None else str(value)
    if text is None or (usual is None and not text.strip()):
        raise ValueError(f"{where} is missing")
    if text == "":
        return () if parse is notification_points else ""
    try:
        return parse(text)
    except ValueError as wrong:
        raise ValueError(f"{where} {wrong}") from None

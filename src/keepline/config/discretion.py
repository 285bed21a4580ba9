"""The last thing before a log line is written: what no log may show is taken out of it.

Our own lines name ids and nothing else. But a line also carries what libraries say: a database
names the row that it refused, a mail server the address, a URL its password. So every line, its
traceback too, passes here, whoever wrote it. Names of people cannot be known by their form; where
they could stand (a row in a database's words) the words go as a whole.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

HIDDEN: Final = "[hidden]"
SHORTEST_SECRET: Final = 8  # below, a secret is also an ordinary word

# PostgreSQL: "Failing row contains (...)", "Key (email)=(...) already exists", and parameters.
ROWS: Final = re.compile(
    r"\b(?:DETAIL|CONTEXT):\s.*?(?=\n\n|\n(?:HINT|CONTEXT|QUERY):|\Z)", re.DOTALL
)
PASSWORD_IN_URL: Final = re.compile(
    r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+(?=@)", re.IGNORECASE
)
BEARER: Final = re.compile(r"\b((?:bearer|basic)\s+)[\w+/=.~-]{8,}", re.IGNORECASE)
# Keepline's tokens, Stripe's keys and the secrets of webhooks say what they are.
TOKEN: Final = re.compile(r"\b(?:kl|sk|rk|pk|whsec)_[\w+/=-]{6,}")
KEY_IN_PATH: Final = re.compile(r"(/reset/key/)[^\s/\"']+")
EMAIL: Final = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
# E.164 with its plus, or eleven digits and more that stand for themselves: numbers of people, cards
# and SIMs. Grouped as cards print them. Ids are in hex with hyphens, instants have their colons.
PHONE: Final = re.compile(r"(?<![\w.:+-])(?:\+\d{7,15}|\d{11,20})(?![\w:]|[.-]\d)")
GROUPED: Final = re.compile(r"(?<![\w-])\d{4}(?:[ -]\d{4}){2}[ -]\d{1,7}(?![\w-])")


class Discretion:
    """`secrets`: values of this installation that no line may show."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        longest_first = sorted({s for s in secrets if len(s) >= SHORTEST_SECRET}, key=len)[::-1]
        self._secrets = (
            re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        )

    def __call__(self, _logger: object, _method: str, line: Mapping[str, Any]) -> dict[str, Any]:
        """As a processor of structlog."""
        return {name: self.about(value) for name, value in line.items()}

    def about(self, value: Any) -> Any:
        """The value without what is hidden; what is no text and holds none stays what it is."""
        if isinstance(value, str):
            return self.of(value)
        if isinstance(value, Mapping):
            return {name: self.about(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.about(inner) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.of(str(value))

    def of(self, text: str) -> str:
        """The text without what is hidden."""
        if self._secrets is not None:
            text = self._secrets.sub(HIDDEN, text)
        text = ROWS.sub(HIDDEN, text)
        text = PASSWORD_IN_URL.sub(rf"\1{HIDDEN}", text)
        text = BEARER.sub(rf"\1{HIDDEN}", text)
        text = KEY_IN_PATH.sub(rf"\1{HIDDEN}", text)
        for pattern in (TOKEN, EMAIL, PHONE, GROUPED):
            text = pattern.sub(HIDDEN, text)
        return text

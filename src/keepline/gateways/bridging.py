"""What all bridges share: HTTP and JSON to software of the operator's own, and distrust.

Nothing that is sent or answered is logged or repeated in an error.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from json import JSONDecodeError, loads
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from keepline.gateways.loopback import LOOPBACK

LARGEST_BODY: Final = 256 * 1024
LONGEST_TEXT: Final = 120
KEY_REFUSED: Final = (401, 403)


class NoAnswer(Exception):
    """Nothing that can be relied on came back; the message says why."""


class Unreadable(ValueError):
    """A message without the promised shape; the field at fault, never what stood in it."""


class Bridge:
    """Speaks to one bridge; safe to share between threads.

    `key_name`: the setting that holds `key`, for complaints. `timeout_s` bounds each wait
    (connecting, sending, reading), twice that the whole answer.
    """

    def __init__(self, url: str, key: str, key_name: str, timeout_s: float) -> None:
        self._key_name, self._answer_within_s = key_name, 2 * timeout_s
        own_machine = LOOPBACK if urlsplit(url).scheme == "http" else {"trust_env": False}
        self._http = httpx.Client(
            base_url=url,
            timeout=timeout_s,
            headers={
                "authorization": f"Bearer {key}",
                "user-agent": "keepline",
                "accept-encoding": "identity",
            },
            **own_machine,
        )

    def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, word: str = "state"
    ) -> dict[str, Any]:
        """The JSON object of an answer; of 404 one whose `word` is not_found. Raises NoAnswer."""
        try:
            with self._http.stream(method, path, json=body) as answer:
                raw = self._bounded(answer)
        except httpx.HTTPError as error:
            raise NoAnswer(type(error).__name__) from error
        if answer.status_code in KEY_REFUSED:
            raise NoAnswer(f"it does not take {self._key_name}")
        if answer.status_code not in (httpx.codes.OK, httpx.codes.NOT_FOUND):
            raise NoAnswer(f"HTTP {answer.status_code}")
        content = object_of(raw)
        if answer.status_code == httpx.codes.NOT_FOUND and content.get(word) != "not_found":
            raise NoAnswer("HTTP 404 that says nothing of what was asked for")
        return content

    def _bounded(self, answer: httpx.Response) -> bytes:
        """The body, unless it is too long or drips in too slowly."""
        until, raw = time.monotonic() + self._answer_within_s, b""
        for piece in answer.iter_raw():
            raw += piece
            if len(raw) > LARGEST_BODY or time.monotonic() > until:
                raise NoAnswer("the answer has no end")
        return raw


def object_of(raw: bytes | str) -> dict[str, Any]:
    """A JSON object. Raises NoAnswer."""
    try:
        content = loads(raw)
    except (JSONDecodeError, UnicodeError, RecursionError):
        raise NoAnswer("unreadable answer (json)") from None
    if not isinstance(content, dict):
        raise NoAnswer("unreadable answer (json)")
    return content


def text_of(
    content: Mapping[str, Any], name: str, *, optional: bool = False, longest: int = LONGEST_TEXT
) -> str:
    """A printable text; "" only where it is optional."""
    value = content.get(name)
    if optional and value in (None, ""):
        return ""
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= longest:
        raise Unreadable(name)
    return value


def instant_of(content: Mapping[str, Any], name: str) -> datetime | None:
    """An ISO 8601 instant with its offset, in UTC; None where there is none."""
    text = text_of(content, name, optional=True)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(name) from None
    if at.tzinfo is None:
        raise Unreadable(name)
    return at.astimezone(UTC)

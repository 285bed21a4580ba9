"""What mail servers say of a mail that they could not deliver, read from what they send back.

Delivery status notifications (RFC 3464), as Postfix, Exim, Exchange and most others write them, and
the older form of Exim, which has the addresses in X-Failed-Recipients and its reason in plain text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Final

from .enhanced_status import blames_address
from .return_path import token_in

LIMIT_BYTES: Final = 4 * 1024 * 1024  # of what is read; the report stands before the mail itself
ADDRESSED: Final = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
KIND_OF_CODE = re.compile(r"\s*[\w-]+\s*;", re.ASCII)  # smtp; or x-unix; before the words
PERMANENT: Final = "5"
NOT_SAID: Final = "5.0.0"  # some servers write it for every failure
LONGEST_SAID: Final = 300


@dataclass(frozen=True, slots=True)
class Bounce:
    """One mail came back for good. `token` is its return path's, yet to be believed.

    `code` is short ("550 5.1.1"), `said` what the server wrote behind it, addresses and all.
    `address_fails`: other mails to the same address would fare alike.
    """

    token: str
    code: str
    said: str
    address_fails: bool


def read_bounce(mail: bytes, to: str = "") -> Bounce | None:
    """The failure that a mail tells of; None where it tells of none: a delay, a holiday reply.

    `to`: the address that it came to, where its headers do not say.
    """
    report = message_from_bytes(mail[:LIMIT_BYTES])
    addresses = [to, *(str(each) for name in ADDRESSED for each in report.get_all(name, []))]
    token = next((found for text in addresses if (found := token_in(text))), "")
    if not token:
        return None
    failures = [_failure(token, fields) for fields in _recipients(report) if _has_failed(fields)]
    if not failures and report["X-Failed-Recipients"]:
        failures = [_of_words(token, _first_text(report))]
    # Of several (an address that stands for many), the one that says most.
    return max(failures, key=lambda each: each.address_fails, default=None)


def bounce_of(token: str, status: str, said: str) -> Bounce:
    """`status`: the enhanced status code (RFC 3463), "" where only `said` tells."""
    reply = REPLY.search(said)
    told = STATUS.search(status)
    if told is None or told[1] == NOT_SAID:
        told = STATUS.search(said) or told
    code = told[1] if told else ""
    is_permanent = (code or (reply[1] if reply else "")).startswith(PERMANENT)
    short = " ".join(part for part in (reply[1] if reply else "", code) if part) or "failed"
    return Bounce(
        token=token,
        code=short,
        said=_printable(said).removeprefix(short).strip(" -:")[:LONGEST_SAID],
        address_fails=is_permanent and blames_address(code),
    )


def _printable(said: str) -> str:
    """In one line, without what no database holds."""
    whole = said.encode("utf-8", "replace").decode()
    return " ".join("".join(sign if sign.isprintable() else " " for sign in whole).split())


def _recipients(report: Message) -> Iterator[Mapping[str, str]]:
    """What is said of each recipient, by the names of its fields in small letters."""
    for part in _parts(report):
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            for block in blocks if isinstance(blocks, list) else ():
                if isinstance(block, Message):
                    yield {name.lower(): str(value) for name, value in block.items()}


def _parts(message: Message) -> Iterator[Message]:
    """Without what is in the mail that came back: that was ours, or somebody says so."""
    if message.get_content_type() in ("message/rfc822", "message/delivery-status"):
        if message.get_content_type() == "message/delivery-status":
            yield message
        return
    payload = message.get_payload()
    if not isinstance(payload, list):
        yield message
        return
    for part in payload:
        if isinstance(part, Message):
            yield from _parts(part)


def _has_failed(fields: Mapping[str, str]) -> bool:
    return fields.get("action", "").strip().lower().startswith("failed")


def _failure(token: str, fields: Mapping[str, str]) -> Bounce:
    said = KIND_OF_CODE.sub("", fields.get("diagnostic-code", ""), count=1)
    return bounce_of(token, fields.get("status", ""), said)


def _of_words(token: str, text: str) -> Bounce:
    """The first line that has the code of a refusal in it tells why."""
    lines = [line for line in text.splitlines() if REPLY.search(line)]
    return bounce_of(token, NOT_SAID, lines[0] if lines else "")


def _first_text(report: Message) -> str:
    for part in _parts(report):
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return ""

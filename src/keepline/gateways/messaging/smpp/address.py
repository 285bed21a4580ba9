"""Where the SMSC is, and what was agreed with its operator: one address with options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, cast
from urllib.parse import parse_qsl, unquote, urlsplit

Alphabet = Literal["gsm", "latin1"]
ReceiptIds = Literal["same", "decimal", "hex"]

PORTS: Final = {"smpp": 2775, "smpps": 3550}
LONGEST_NAME, LONGEST_PASSWORD, LONGEST_TYPE = 15, 8, 12  # SMPP 3.4, 5.2.1 to 5.2.3, without NUL
LONGEST_SENDER = 20  # 5.2.8
FASTEST, WIDEST, LONGEST_WAIT_S = 10_000, 1_000, 120


@dataclass(frozen=True, slots=True)
class SmppAddress:
    """smpp://system_id:password@host:2775?rate=50&window=10 and so on.

    smpps:// is the same over TLS. docs/gateways/smpp.md explains the options.
    """

    host: str
    port: int
    tls: bool
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    sender: str = ""
    rate_per_s: int = 20
    window: int = 10
    timeout_s: int = 30
    enquire_s: int = 30
    alphabet: Alphabet = "gsm"
    receipt_ids: ReceiptIds = "same"
    authorities: Path | None = None

    @classmethod
    def read(cls, url: str, sender: str = "") -> "SmppAddress":
        """User, password and options are percent-encoded. `sender`: a number with +, a short
        code or a word; empty is the SMSC's choice.

        ValueError, without the password in it, when the address is not one.
        """
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname or not parts.username:
            raise ValueError("an SMSC's address reads smpp://system_id:password@host:2775")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        unknown = sorted(set(options) - KNOWN)
        if unknown:
            raise ValueError(f"{unknown[0]} is no option of an SMSC's address")
        return cls(
            host=parts.hostname,
            port=parts.port or PORTS[parts.scheme],
            tls=parts.scheme == "smpps",
            system_id=_short("system_id", unquote(parts.username), LONGEST_NAME),
            password=_short("the password", unquote(parts.password or ""), LONGEST_PASSWORD),
            system_type=_short("system_type", options.get("system_type", ""), LONGEST_TYPE),
            sender=_short("the sender", sender, LONGEST_SENDER),
            rate_per_s=_number(options, "rate", 20, FASTEST),
            window=_number(options, "window", 10, WIDEST),
            timeout_s=_number(options, "timeout", 30, LONGEST_WAIT_S),
            enquire_s=_number(options, "enquire", 30, LONGEST_WAIT_S),
            alphabet=cast("Alphabet", _word(options, "alphabet", ("gsm", "latin1"))),
            receipt_ids=cast(
                "ReceiptIds", _word(options, "receipt_ids", ("same", "decimal", "hex"))
            ),
            authorities=Path(options["ca"]) if options.get("ca") else None,
        )


KNOWN: Final = frozenset(
    {
        "alphabet",
        "ca",
        "enquire",
        "rate",
        "receipt_ids",
        "system_type",
        "timeout",
        "window",
    }
)


def _short(what: str, text: str, longest: int) -> str:
    if len(text) > longest or not text.isascii() or "\0" in text:
        raise ValueError(f"{what} of an SMSC's address has at most {longest} ASCII characters")
    return text


def _number(options: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = options.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise ValueError(f"{name} of an SMSC's address is a whole number from 1 to {most}")
    return int(text)


def _word(options: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    word = options.get(name) or words[0]
    if word not in words:
        raise ValueError(f"{name} of an SMSC's address is one of {', '.join(words)}")
    return word

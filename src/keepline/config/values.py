"""How the text of a KEEPLINE_* variable becomes a value; ValueError says what it must be.

`config/environment.py` names the variables.
"""

import re
from base64 import b64decode
from collections.abc import Callable
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "KEEPLINE_"
SECRET_KEY_CHARACTERS = 50
LAST_PORT = 65535
SHORTEST_SECRET = 32
SHORTEST_QUARANTINE_DAYS, LONGEST_QUARANTINE_DAYS = 45, 3660  # 47 CFR 52.15(f)


def port_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LAST_PORT:
        raise ValueError("must be a port number from 1 to 65535")
    return int(text)


def count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("must be a whole number, 0 or more")
    return int(text)


def quarantine_days(text: str) -> int:
    days = count(text) if text.isascii() and text.isdigit() else 0
    if not SHORTEST_QUARANTINE_DAYS <= days <= LONGEST_QUARANTINE_DAYS:
        raise ValueError(
            f"must be whole days from {SHORTEST_QUARANTINE_DAYS} to {LONGEST_QUARANTINE_DAYS}"
        )
    return days


def one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text

    return parse


def page_or_mailbox(text: str) -> str:
    if urlsplit(text).scheme not in ("https", "http", "mailto"):
        raise ValueError("must begin with https://, http:// or mailto:")
    return text


def address(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if urlsplit(text).scheme not in schemes:
            raise ValueError("must begin with " + " or ".join(f"{name}://" for name in schemes))
        return text

    return parse


def bridge_address(text: str) -> str:
    """By TLS, or on this machine."""
    parts = urlsplit(text)
    own_machine = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.scheme == "https" or own_machine) or not parts.hostname:
        raise ValueError("must begin with https://, or name this machine with http://localhost")
    return text


LONGEST_RETURN = 500
VISIBLE = re.compile(r"[!-~]+", re.ASCII)


def return_addresses(text: str) -> tuple[str, ...]:
    """Pages that a browser may be led to, each of them whole: no other address is taken for one."""
    found = tuple(bridge_address(part) for part in hosts(text))
    for one in found:
        parts = urlsplit(one)
        if parts.fragment or parts.username is not None or not parts.path:
            raise ValueError("must be addresses with a path, without a user and without #")
        if not VISIBLE.fullmatch(one) or len(one) > LONGEST_RETURN:
            raise ValueError(f"must be addresses of up to {LONGEST_RETURN} characters of ASCII")
    return found


HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*", re.ASCII)


def host(text: str) -> str:
    """A name or an address of a machine, to connect to."""
    try:
        return str(ip_address(text))
    except ValueError:
        if not HOST_NAME.fullmatch(text) or text.rpartition(".")[2].isdigit():
            raise ValueError("must be the name or address of a machine, without a port") from None
    return text


def long_secret(text: str) -> str:
    if len(text) < SHORTEST_SECRET:
        raise ValueError(f"must have {SHORTEST_SECRET} random characters or more")
    return text


def long_secrets(text: str) -> tuple[str, ...]:
    return tuple(long_secret(part) for part in hosts(text))


def folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def file_for(what: str, reader: str) -> Callable[[str], Path]:
    """A file that the module `reader` can read. Imported when one is named: it knows currencies or
    countries, which most commands need not load."""

    def parse(text: str) -> Path:
        path = folder(text)
        try:
            import_module(reader).read(path)
        except ValueError as error:
            raise ValueError(f"names {what} that cannot be used: {error}") from None
        return path

    return parse


def method_codes(text: str) -> tuple[str, ...]:
    from keepline.payments.ways import table

    codes, known = hosts(text), [method.code for method in table()]
    for code in codes:
        if code not in known:
            raise ValueError(f"names {code}, which is none of {', '.join(known)}")
    return codes


def hosts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def variable(
    parse: Callable[[str], Any], default: str, says: str, shown: str = ""
) -> dict[str, Any]:
    """One variable: how it is read, its default as text, what it means, its default in words."""
    return {"parse": parse, "default": default, "says": says, "shown": shown}


def file_to_read(text: str) -> Path:
    """A file that is there and may be read, so that a slip shows at the start of every command."""
    path = folder(text)
    try:
        path.read_bytes()
    except OSError as error:
        raise ValueError(f"names a file that cannot be read: {error.strerror}") from None
    return path


POINT = re.compile(r"(\d{1,6}):(download|install|enable|disable|delete)", re.ASCII)


def notification_points(text: str) -> tuple[tuple[int, str], ...]:
    """Pairs such as `6:enable`, parted by commas; docs/gateways/es2plus.md says what for."""
    found = [POINT.fullmatch(part) for part in hosts(text)]
    pairs = [(int(match[1]), match[2]) for match in found if match]
    if len(pairs) != len(found) or len(dict(pairs)) != len(pairs):
        raise ValueError(
            "must be pairs of a number and one of download, install, enable, disable, delete, "
            "such as 5:delete,6:enable,7:disable, each number once"
        )
    return tuple(pairs)


COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
SHORTEST_SIGNED, LONGEST_SIGNED = 24, 64  # octets: Standard Webhooks 1.0
SENDER = re.compile(r"\+?\d{3,15}|[A-Za-z0-9][A-Za-z0-9 ._-]{0,10}", re.ASCII)


def country_codes(text: str) -> tuple[str, ...]:
    codes = hosts(text.upper())
    for code in codes:
        if not COUNTRY.fullmatch(code):
            raise ValueError("must be countries' codes of two letters, parted by commas")
    return codes


def sms_sender(text: str) -> str:
    if not SENDER.fullmatch(text):
        raise ValueError(
            "must be a number with +, a short code, or a word of up to 11 letters and digits"
        )
    return text


def sms_address(text: str) -> str:
    """An SMSC, or a gateway: over TLS, unless it is on this machine."""
    parts = urlsplit(text)
    if parts.scheme in ("smpp", "smpps"):
        from keepline.gateways.messaging.smpp.address import SmppAddress

        try:
            SmppAddress.read(text)
        except ValueError as error:
            raise ValueError(f"cannot be used: {error}") from None
    elif parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1"):
        raise ValueError("must begin with https://, because texts travel in it")
    elif parts.scheme not in ("http", "https"):
        raise ValueError("must begin with smpp://, smpps:// or https://")
    return text


def bounce_address(text: str) -> str:
    """Short enough for a token of its own for each mail."""
    from keepline.gateways.messaging.return_path import checked

    return checked(text)


def webhook_secrets(text: str) -> tuple[str, ...]:
    """As Standard Webhooks writes them: whsec_ and 24 to 64 octets in base64."""
    secrets = hosts(text)
    for secret in secrets:
        try:
            octets = b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            octets = b""
        if not secret.startswith("whsec_") or not SHORTEST_SIGNED <= len(octets) <= LONGEST_SIGNED:
            raise ValueError("must be whsec_ and 24 to 64 random octets in base64")
    return secrets


def push_key(text: str) -> str:
    """A private key of P-256. Imported when one is named: most commands need no cryptography."""
    from keepline.gateways.messaging.push_keys import public_key_of

    try:
        public_key_of(text)
    except ValueError:
        raise ValueError("must be a private key as `keepline push-key` makes one") from None
    return text

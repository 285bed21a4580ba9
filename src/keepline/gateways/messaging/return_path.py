"""The address to which a mail comes back that cannot be delivered: one of its own for each mail.

`bounces@mail.example.com` and a token become `bounces+TOKEN@mail.example.com` (subaddressing,
RFC 5233), so whoever takes in what comes back needs nothing but the address that it came to.
"""

import re
from typing import Final

LONGEST_LOCAL: Final = 64  # RFC 5321, 4.5.3.1.1
TOKEN_SIGNS: Final = 47
LONGEST_NAME: Final = LONGEST_LOCAL - TOKEN_SIGNS - 1
# Servers on the way may write capitals, and some part the token by another sign.
TOKEN = re.compile(rf"[+=-]([a-z2-7]{{{TOKEN_SIGNS}}})@", re.ASCII | re.IGNORECASE)
ADDRESS = re.compile(
    rf"[A-Za-z0-9._-]{{1,{LONGEST_NAME}}}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII
)


def checked(address: str) -> str:
    """The address, which others get their token in. Raises ValueError."""
    if not ADDRESS.fullmatch(address):
        raise ValueError(
            f"must be an address such as bounces@mail.example.com, with up to {LONGEST_NAME} "
            "letters or digits before the @"
        )
    return address


def return_path(address: str, token: str) -> str:
    """Where the mail with this token comes back to."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"


def token_in(text: str) -> str:
    """The token of the first such address in a header or an address; "" for none."""
    found = TOKEN.search(text)
    return found[1].lower() if found else ""

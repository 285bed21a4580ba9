"""The demo's clearing house: the fake one, on loopback, with numbers to bring along."""

import secrets
from base64 import b64encode
from collections.abc import MutableMapping

from keepline.config.environment import Environment
from keepline.gateways.porting.bridge.fake.books import ELSEWHERE, Books, open_store

OPERATOR = "keepline"
FOLDER = "fake-clearing-house"
# (number, code): of Ofcom's and the FCC's numbers for drama, which nobody has.
TO_BRING = (
    ("447700900871", "ABC123456"),
    ("447700900872", "DEF123456"),
    ("12025550171", "771071"),
)


def connect(env: Environment, environ: MutableMapping[str, str]) -> bool:
    """Settings by which processes that start from now on speak with the fake, which is filled.

    False: the operator named a bridge of their own, so there is no fake.
    """
    if env.porting_url:
        return False
    environ.update(
        KEEPLINE_PORTING_URL=f"http://localhost:{env.porting_port}",
        KEEPLINE_PORTING_KEY=secrets.token_hex(32),
        KEEPLINE_PORTING_SECRETS=f"whsec_{b64encode(secrets.token_bytes(32)).decode()}",
    )
    store = open_store(env.data / FOLDER)
    try:
        books = Books(store)
        new = [row for row in TO_BRING if books.operator_of(row[0]) is None]
        books.enter((number, ELSEWHERE, code, "") for number, code in new)
    finally:
        store.close()
    return True

"""The code by which a number may leave: made, sealed at rest, compared.

Twelve signs of thirty-one, none of which looks like another: guessed right once in 10^17, and five
wrong ones end it.
"""

import hmac
import secrets
from uuid import UUID

from keepline.inventory.sealing import sealer

SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ".replace("L", "")
LENGTH, GROUP = 12, 4


def made() -> str:
    """A fresh code, as K7QP-M2XD-9RTB."""
    signs = "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    return "-".join(signs[i : i + GROUP] for i in range(0, LENGTH, GROUP))


def sealed(port_out_id: UUID, code: str) -> str:
    """The code at rest; it opens for this row alone."""
    return sealer().seal(str(port_out_id), {"code": code})


def opened(port_out_id: UUID, token: str) -> str:
    """What was sealed. Raises SealBroken."""
    return str(sealer().open(str(port_out_id), token)["code"])


def sealed_request(port_in_id: UUID, code: str, holder: str) -> str:
    """What another operator asks of whoever takes a number from it, at rest."""
    return sealer().seal(str(port_in_id), {"code": code, "holder": holder})


def opened_request(port_in_id: UUID, token: str) -> tuple[str, str]:
    """The code and the holder's name. Raises SealBroken."""
    values = sealer().open(str(port_in_id), token)
    return str(values["code"]), str(values["holder"])


def same(code: str, given: str) -> bool:
    """Whether a code that was given is the code, however people wrote it down."""
    return hmac.compare_digest(_bare(code), _bare(given))


def _bare(code: str) -> bytes:
    return "".join(sign for sign in code.upper() if sign.isalnum()).encode()

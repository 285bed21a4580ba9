"""ICCIDs and EIDs that are well formed, each another one."""

from itertools import count

from keepline.core.identifiers import EID_MODULUS

_numbers = count(1)


def an_iccid(places: int = 19) -> str:
    """A fresh ICCID with its check digit."""
    digits = f"8988211{next(_numbers):0{places - 8}}"
    doubled = [int(d) * 2 for d in digits[-1::-2]]
    total = sum(d // 10 + d % 10 for d in doubled) + sum(map(int, digits[-2::-2]))
    return f"{digits}{-total % 10}"


def an_eid() -> str:
    """A fresh EID with its check digits."""
    body = f"8904903200{next(_numbers):020}"
    return f"{body}{EID_MODULUS + 1 - int(body + '00') % EID_MODULUS:02}"

"""What lies on the demo's shelves: rows of the files that stock comes from. No Django here."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from keepline.core.identifiers import IccidError, parse_iccid

POOLS = files(__package__) / "demo_pools.toml"
SIMS_A_POOL = 40
SMDP_ADDRESS = "smdp.example.com"
# Pools whose profiles came with an activation code; one of them asks for a confirmation code.
WITH_CODES = {"th-esim": "", "cn-esim": "2580", "th-true-esim": ""}
Row = dict[str, str]


def coded_profiles() -> Iterator[Row]:
    """Profiles that came with their activation code: columns of `import-stock profiles`."""
    for code, confirmation in WITH_CODES.items():
        for place, row in enumerate(_sims("profile", code)):
            matching_id = f"DEMO-{code.upper()}-{place:04}"
            yield row | {
                "activation_code": f"LPA:1${SMDP_ADDRESS}${matching_id}"
                + ("$$1" if confirmation else ""),
                "confirmation_code": confirmation,
            }


def ordered_profiles() -> Iterator[Row]:
    """Profiles that the SM-DP+ has, and gives when they are ordered."""
    for pool in _pools("profile"):
        if pool["code"] not in WITH_CODES:
            yield from _sims("profile", pool["code"])


def numbers() -> Iterator[Row]:
    for pool in _pools("number"):
        for ends in pool["ranges"]:
            first, last = map(int, ends.split("-"))
            for e164 in range(first, last + 1):
                yield {"msisdn": f"+{e164}", "pool": pool["code"]}


def cards() -> Iterator[Row]:
    for pool in _pools("card"):
        for place, row in enumerate(_sims("card", pool["code"])):
            yield row | {"pin": f"{place * 37 % 10000:04}", "puk": f"{place * 7919 + 31415926:08}"}


def _sims(kind: str, code: str) -> Iterator[Row]:
    for shelf, pool in enumerate(_pools("profile", "card")):
        if (pool["kind"], pool["code"]) != (kind, code):
            continue
        for place in range(SIMS_A_POOL):
            yield {
                "iccid": _checked(f"{pool['iccid_prefixes'][0]}{place:012}"),
                "pool": code,
                "imsi": f"{pool['imsi_prefixes'][0]}{shelf * 1000 + place:010}",
            }


def _pools(*kinds: str) -> list[dict[str, Any]]:
    """In the file's order."""
    pools: list[dict[str, Any]] = tomllib.loads(POOLS.read_text(encoding="utf-8"))["pool"]
    return [pool for pool in pools if pool["kind"] in kinds]


def _checked(digits: str) -> str:
    """With the check digit that makes an ICCID of it."""
    for digit in range(10):
        try:
            return parse_iccid(f"{digits}{digit}")
        except IccidError:
            continue
    raise AssertionError("one of ten digits is the right one")

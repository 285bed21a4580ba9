"""Slots and ids of stock follow from its names. No Django here: processes that judge the rows of a
file make millions of them."""

from uuid import UUID

from keepline.core.ids import make_id, slot_of_text

STOCK_MS = 1_577_836_800_000  # ids follow from the name, not from a clock


def slot_of_number(e164: int) -> int:
    """Numbers are sharded by themselves."""
    return slot_of_text(str(e164))


def number_id(e164: int) -> UUID:
    """The id of a number's row is the number, in its slot."""
    return make_id(slot_of_number(e164), STOCK_MS, e164)


def slot_of_iccid(iccid: str) -> int:
    """Cards and profiles are sharded by their ICCID."""
    return slot_of_text(iccid)


def sim_id(iccid: str) -> UUID:
    """The id of a card's or profile's row: the ICCID without its 89, told from shorter ones."""
    return make_id(slot_of_iccid(iccid), STOCK_MS, int(f"1{iccid[2:]}"))


def activation_key(smdp_address: str, matching_id: str) -> str | None:
    """What an activation code is unique by; None while there is none. Host names have no case."""
    return f"{smdp_address.lower()}${matching_id}" if matching_id else None

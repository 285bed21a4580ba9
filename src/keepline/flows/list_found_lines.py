"""Finds lines for staff by what people read out: a number, a card, an e-mail, an id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from keepline.accounts import claims
from keepline.accounts import queries as accounts
from keepline.core.ids import is_ours
from keepline.flows.list_found_orders import ICCID, NUMBER, PUNCTUATION
from keepline.inventory import queries as inventory
from keepline.lines import queries as lines
from keepline.lines.queries import LineRow
from keepline.orders import queries as orders

SHOWN = 30


@dataclass(frozen=True, slots=True)
class FoundLines:
    """Those that live first. `holders`: names of the accounts, by account."""

    lines: Sequence[LineRow]
    holders: Mapping[UUID, str]


def list_found_lines(text: str) -> FoundLines:
    """Lines that `text` may mean, of whatever account; those that had the number as well."""
    found = sorted(_lines(text.strip()), key=lambda row: row.state == "terminated")[:SHOWN]
    named = accounts.accounts_among({row.account_id for row in found}) if found else {}
    return FoundLines(found, {each.id: each.name for each in named.values()})


def _lines(text: str) -> Sequence[LineRow]:
    if "@" in text:
        found = claims.accounts_by_email(text)
        return [row for account_id in found for row in lines.lines_of(account_id, SHOWN)]
    return list(lines.lines_among(_ids(text)).values())


def _ids(text: str) -> list[UUID]:
    """Of a line, or of the line that an order is about."""
    try:
        named = UUID(text)
    except ValueError:
        return _by_digits(PUNCTUATION.sub("", text))
    if not is_ours(named):
        return []
    order = orders.find(named)
    return [order.line_id if order and order.line_id else named]


def _by_digits(digits: str) -> list[UUID]:
    if NUMBER.fullmatch(digits):
        return [line_id for _, line_id in inventory.lines_with_number(int(digits))]
    holder = inventory.line_with_card(digits) if ICCID.fullmatch(digits) else None
    return [holder] if holder else []

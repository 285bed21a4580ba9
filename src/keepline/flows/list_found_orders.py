"""Finds orders for staff by what people read out: a number, a card, a receipt, an e-mail, an id."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from keepline.accounts import claims
from keepline.inventory import queries as inventory
from keepline.lines import queries as lines
from keepline.orders import queries as orders
from keepline.orders.models import Order

SHOWN = 30
LONGEST_RECEIPT = 9  # digits
NUMBER = re.compile(r"[0-9]{7,15}", re.ASCII)  # E.164
ICCID = re.compile(r"[0-9]{18,20}", re.ASCII)
PUNCTUATION = re.compile(r"[\s().+-]")


@dataclass(frozen=True, slots=True)
class FoundOrders:
    """Newest first. `numbers`: E.164 by line, of the lines that have a number."""

    orders: Sequence[Order]
    numbers: Mapping[UUID, int]


def list_found_orders(text: str) -> FoundOrders:
    """Orders that `text` may mean, of whatever account; none for an empty one."""
    found = {order.id: order for order in _orders(text.strip())}
    newest = sorted(found.values(), key=lambda order: order.accepted_at, reverse=True)[:SHOWN]
    line_ids = [order.line_id for order in newest if order.line_id]
    return FoundOrders(newest, lines.numbers_among(line_ids) if line_ids else {})


def _orders(text: str) -> Sequence[Order]:
    if "@" in text:
        found = claims.accounts_by_email(text)
        return [row for account_id in found for row in orders.orders_of_account(account_id, SHOWN)]
    try:
        order = orders.find(UUID(text))
        return [order] if order else []
    except ValueError:
        return _by_digits(PUNCTUATION.sub("", text))


def _by_digits(digits: str) -> Sequence[Order]:
    """A short number may be a receipt as well as somebody's number."""
    found: list[Order] = []
    if digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_RECEIPT:
        found += orders.by_receipt(int(digits), SHOWN)
    if NUMBER.fullmatch(digits):
        for account_id, line_id in inventory.lines_with_number(int(digits)):
            found += orders.orders_of_line(line_id, account_id, SHOWN)
    if ICCID.fullmatch(digits):
        holder = inventory.line_with_card(digits)
        owner = lines.owner_of(holder) if holder else None
        found += orders.orders_of_line(holder, owner, SHOWN) if holder and owner else []
    return found

"""The test cards that the page for keeping offers, and how a later charge of each goes."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Card:
    """`decline` is the code of every later charge; `months` from now to its last month."""

    effect: dict[str, str]
    decline: str = ""
    months: int = 36


CARDS: Final[dict[str, Card]] = {  # by the four digits that are shown
    "0000": Card({"en": "Works whenever it is charged", "zh-Hans": "每次扣款均成功"}),
    "0001": Card(
        {
            "en": "Later charges are declined for now: insufficient funds",
            "zh-Hans": "之后扣款暂时被拒：余额不足",
        },
        decline="insufficient_funds",
    ),
    "0002": Card(
        {
            "en": "Later charges are declined for good: reported stolen",
            "zh-Hans": "之后扣款永久被拒：卡片已被盗报失",
        },
        decline="stolen_card",
    ),
    "0003": Card(
        {
            "en": "Later charges need the bank's approval",
            "zh-Hans": "之后扣款需要持卡人通过银行验证",
        },
        decline="authentication_required",
    ),
    "0004": Card({"en": "Works, and expires next month", "zh-Hans": "可用，下个月到期"}, months=1),
}


def last_day(today: date, months: int) -> date:
    """The last day of the month that comes `months` after today's."""
    after = today.year * MONTHS + today.month - 1 + months + 1
    return date(after // MONTHS, after % MONTHS + 1, 1) - timedelta(days=1)

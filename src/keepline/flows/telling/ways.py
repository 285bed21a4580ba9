"""The channels by which people and systems are told. A new one is a file beside this, and a row."""

from typing import Final

from keepline.flows.telling.by_email import ByEmail
from keepline.flows.telling.by_push import ByPush
from keepline.flows.telling.by_sms import BySms
from keepline.flows.telling.by_webhook import ByWebhook
from keepline.flows.telling.way import Way

ALL: Final[tuple[Way, ...]] = (ByEmail(), BySms(), ByPush(), ByWebhook())


def connected() -> list[Way]:
    """Those that the operator has, in the order in which people are told by them."""
    return [way for way in ALL if way.is_connected()]


def way(channel: str) -> Way:
    """The way of one channel. Raises KeyError when there is none such."""
    return {each.channel: each for each in ALL}[channel]

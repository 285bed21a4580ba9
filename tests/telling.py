"""What workers do with messages, in this thread."""

from datetime import datetime, timedelta

from keepline.accounts import clocks
from keepline.core.telling import GATHERING
from keepline.flows.address_event import address
from keepline.flows.deliver_message import deliver
from keepline.flows.telling import ways
from keepline.flows.telling.letters import Words, words_of
from keepline.flows.telling.news import news_of, rows_of
from keepline.flows.telling.way import Addressee, Letter, Told
from keepline.messages import deliveries
from keepline.messages.models import Outbox
from keepline.slots.ids import new_id

LEASE = timedelta(minutes=5)


def tell(now: datetime, clock_id: int = clocks.REAL) -> int:
    """Everything that is due at `now`; how many steps that was."""
    steps = 0
    while addressed := address(now, 500, clock_id):
        steps += addressed
    for way in ways.connected():
        while claimed := deliveries.claim_due(way.channel, now, 500, LEASE, clock_id):
            steps += len(deliver(way, claimed, now).attempts)
    return steps


def tell_all(now: datetime) -> int:
    """And a little later what is gathered from now on."""
    return tell(now) + tell(now + GATHERING)


def written(event: Outbox, addressee: Addressee, now: datetime) -> Words:
    """The letter of one event, which may be written nowhere."""
    told = Told(event, news_of(event, rows_of([event]), now))
    return words_of(Letter(event.id or new_id(0), addressee, [told]))

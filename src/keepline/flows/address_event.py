"""`event.addressed`: events of the outbox are put on their way: whom, by which channels, and when.

    T  address_event.address   a batch of events becomes deliveries, and rests

One transaction for hundreds of events, a few statements for all of them: who is reached by which
way, what of that they want (core/telling), and what can go in one letter. Nothing is written here
and nobody is called; `deliver_message` does both, for each channel by itself.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from keepline.accounts import clocks
from keepline.core.ids import derived_id, id_before, slot_of
from keepline.core.telling import (
    ALSO_BY_HAND,
    GATHERED,
    GATHERING,
    GATHERING_OF_MANY,
    MANY_A_DAY,
    TOPIC_OF,
    channels_for,
    may_ring_at,
)
from keepline.flows.steps import transaction_step
from keepline.flows.telling import ways
from keepline.flows.telling.way import Addressee, Way
from keepline.messages import deliveries, preferences
from keepline.messages import services as outbox
from keepline.messages.deliveries import AboutLine, NewDelivery, NewLetter
from keepline.messages.preferences import NO_WISHES, Wishes
from keepline.messages.services import Addressed, Event
from keepline.orders import queries as orders
from keepline.slots.ids import new_id

ACTION = "event.addressed"
DAY = timedelta(days=1)

# Of one account: its people and systems, each with the ways that reach it, in the ways' order.
By = Sequence[tuple[Way, Addressee]]
Reached = Mapping[UUID, Mapping[str, By]]


class Leg(NamedTuple):
    """One event to one addressee by one way, in its lane."""

    event: Event
    way: Way
    addressee: Addressee
    lane: UUID


@dataclass
class Desk:
    """What is being made of a batch of events. `by_hand`: those of them that the clock did not
    make; `news`: what each lane gets of this batch about each line; `gathering`: the letters that
    take more, by lane, kind and whether they wait for it; `often`: of which lane and kind many
    letters were begun lately."""

    reached: Reached
    wishes: Mapping[str, Wishes]
    by_hand: Collection[UUID]
    now: datetime
    news: dict[tuple[UUID, UUID | None], set[str]] = field(default_factory=lambda: defaultdict(set))
    gathering: dict[tuple[UUID, str, bool], tuple[UUID, datetime]] = field(default_factory=dict)
    often: Collection[tuple[UUID, str]] = ()

    def gathers(self, leg: Leg) -> bool:
        """Whether the event may be told along with others of its kind."""
        event = leg.event
        return leg.way.to_people and event.kind in GATHERED and event.id not in self.by_hand

    def waits(self, leg: Leg) -> bool:
        """Whether it waits for others: not where more is to be told of the same line after it."""
        return self.gathers(leg) and len(self.news[leg.lane, leg.event.line_id]) == 1


def address(now: datetime, limit: int, clock_id: int = clocks.REAL) -> int:
    """Addresses up to `limit` due events; how many. 0 as well while another process does it.

    `now` is what the clock shows by which the events' accounts live.
    """
    with transaction_step("address_event.address"):
        events = outbox.take_due(now, limit, clock_id)
        if not events:
            return 0
        # In one lane what happened first goes first.
        events.sort(key=lambda event: (event.occurred_at, event.id))
        reached = _reached_of({event.account_id for event in events})
        everybody = {recipient for by in reached.values() for recipient in by}
        wishes = preferences.wishes_among(everybody)
        desk = Desk(reached, wishes, _by_hand(events), now)
        legs = [(event, list(_legs(desk, event))) for event in events]
        every = [leg for _, each in legs for leg in each]
        _meet_those_who_gather(desk, every)
        desk.often = _begun_often(desk, every)
        deliveries.put_all([_delivery(desk, leg) for leg in every], now)
        outbox.settle([_addressed(desk, event, each) for event, each in legs])
    return len(events)


def _by_hand(events: Iterable[Event]) -> set[UUID]:
    """Events that somebody waits for, of kinds that the clock makes as well."""
    asked = {event.id: event.order_id for event in events if event.kind in ALSO_BY_HAND}
    of_clock = orders.by_clock_among({order_id for order_id in asked.values() if order_id})
    return {event_id for event_id, order_id in asked.items() if order_id not in of_clock}


def _reached_of(account_ids: set[UUID]) -> Reached:
    reached: dict[UUID, dict[str, list[tuple[Way, Addressee]]]] = defaultdict(dict)
    for way in ways.connected():
        for account_id, addressees in way.addressees(account_ids).items():
            for addressee in addressees:
                reached[account_id].setdefault(addressee.recipient, []).append((way, addressee))
    return reached


def _addressed(desk: Desk, event: Event, legs: Sequence[Leg]) -> Addressed:
    if legs:
        return Addressed(event.id, "addressed")
    if event.kind not in TOPIC_OF:
        return Addressed(event.id, "laid_aside", f"nobody knows what {event.kind} is about")
    reached = desk.reached.get(event.account_id)
    return Addressed(event.id, "not_wanted" if reached else "no_address")


def _legs(desk: Desk, event: Event) -> Iterator[Leg]:
    topic = TOPIC_OF.get(event.kind)
    for recipient, by in desk.reached.get(event.account_id, {}).items():
        wishes = desk.wishes.get(recipient, NO_WISHES)
        people = [way.channel for way, _ in by if way.to_people]
        failing = [
            way.channel
            for way, addressee in by
            if wishes.is_failing(way.channel, addressee.to, desk.now)
        ]
        chosen = channels_for(topic, wishes.choices, people, failing) if topic else ()
        for way, addressee in by:
            may_go = addressee.kinds is None or event.kind in addressee.kinds
            if may_go and (way.channel in chosen or not way.to_people):
                yield Leg(event, way, addressee, _lane(way, addressee, event))


def _lane(way: Way, addressee: Addressee, event: Event) -> UUID:
    """People hear of their account in order, programs of each line."""
    about = event.account_id if way.to_people else event.line_id or event.account_id
    return derived_id(about, f"lane:{way.channel}:{addressee.recipient}")


def _meet_those_who_gather(desk: Desk, legs: Sequence[Leg]) -> None:
    """Letters that wait for more of their kind: they take more, or go now, where what follows is
    about a line that they tell of."""
    for leg in legs:
        if leg.way.to_people:
            desk.news[leg.lane, leg.event.line_id].add(leg.event.kind)
    found = deliveries.gathering({lane for lane, _ in desk.news}, desk.now)
    waiting = [each for each in found if each.kind in GATHERED]
    news = [
        AboutLine(lane, line_id, kind)
        for (lane, line_id), kinds in desk.news.items()
        if line_id is not None
        for kind in kinds
    ]
    passed = deliveries.told_before(waiting, news, desk.now)
    deliveries.hurry([each for each in waiting if each.letter_id in passed], desk.now)
    for each in waiting:
        if each.letter_id not in passed:
            desk.gathering[each.lane, each.kind, True] = (each.letter_id, each.due_at)


def _begun_often(desk: Desk, legs: Iterable[Leg]) -> set[tuple[UUID, str]]:
    letters = {
        NewLetter(leg.event.account_id, leg.lane, leg.event.kind)
        for leg in legs
        if desk.waits(leg) and (leg.lane, leg.event.kind, True) not in desk.gathering
    }
    first = id_before(new_id(0), DAY)  # ids are made by the real clock, whatever `now` is
    return deliveries.begun_often(letters, desk.now - DAY, first, MANY_A_DAY)


def _delivery(desk: Desk, leg: Leg) -> NewDelivery:
    event, way, addressee, lane = leg
    delivery_id = new_id(slot_of(event.id))
    letter_id, due_at = delivery_id, _due_at(desk, leg)
    if desk.gathers(leg):
        letter = (lane, event.kind, desk.waits(leg))
        letter_id, due_at = desk.gathering.setdefault(letter, (delivery_id, due_at))
    return NewDelivery(
        id=delivery_id,
        event_id=event.id,
        kind=event.kind,
        account_id=event.account_id,
        line_id=event.line_id,
        channel=way.channel,
        recipient=addressee.recipient,
        letter_id=letter_id,
        lane=lane,
        due_at=due_at,
    )


def _due_at(desk: Desk, leg: Leg) -> datetime:
    event, way, addressee, _ = leg
    ready_at = desk.now
    if desk.waits(leg):
        often = (leg.lane, event.kind) in desk.often
        ready_at = max(event.occurred_at + (GATHERING_OF_MANY if often else GATHERING), desk.now)
    if not way.rings:
        return ready_at
    quiet = desk.wishes.get(addressee.recipient, NO_WISHES).choices.quiet
    return may_ring_at(ready_at, TOPIC_OF[event.kind], addressee.time_zone, quiet)

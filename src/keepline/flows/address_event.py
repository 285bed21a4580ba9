"""`event.addressed`: events of the outbox are put on their way: whom, by which channels, and when.

    T  address_event.address   a batch of events becomes deliveries, and rests

One transaction for hundreds of events, a few statements for all of them: who is reached by which
way, what of that they want (core/telling), and what can go in one letter. Nothing is written here
and nobody is called; `deliver_message` does both, for each channel by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from keepline.accounts import clocks
from keepline.core.ids import derived_id, slot_of
from keepline.core.telling import (
    GATHERED,
    GATHERING,
    TOPIC_OF,
    channels_for,
    may_ring_at,
)
from keepline.flows.steps import transaction_step
from keepline.flows.telling import ways
from keepline.flows.telling.way import Addressee, Way
from keepline.messages import deliveries, preferences
from keepline.messages import services as outbox
from keepline.messages.deliveries import NewDelivery
from keepline.messages.preferences import NO_WISHES, Wishes
from keepline.messages.services import Addressed, Event
from keepline.slots.ids import new_id

ACTION = "event.addressed"

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
    """What is being made of a batch of events. `kinds`: what each lane gets of this batch;
    `gathering`: the letters that take more, by lane and kind."""

    reached: Reached
    wishes: Mapping[str, Wishes]
    now: datetime
    kinds: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    gathering: dict[tuple[UUID, str], tuple[UUID, datetime]] = field(default_factory=dict)


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
        desk = Desk(reached, preferences.wishes_among(everybody), now)
        legs = [(event, list(_legs(desk, event))) for event in events]
        _meet_those_who_gather(desk, [leg for _, each in legs for leg in each])
        deliveries.put_all([_delivery(desk, leg) for _, each in legs for leg in each], now)
        outbox.settle([_addressed(desk, event, each) for event, each in legs])
    return len(events)


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


def _meet_those_who_gather(desk: Desk, legs: Iterable[Leg]) -> None:
    """Letters that wait for more of their kind: they take more, or go now, before what follows."""
    for leg in legs:
        if leg.way.to_people:
            desk.kinds[leg.lane].add(leg.event.kind)
    found = deliveries.gathering(desk.kinds, desk.now)
    waiting = [each for each in found if each.kind in GATHERED]
    deliveries.hurry([each for each in waiting if desk.kinds[each.lane] != {each.kind}], desk.now)
    for each in waiting:
        if desk.kinds[each.lane] == {each.kind}:
            desk.gathering[each.lane, each.kind] = (each.letter_id, each.due_at)


def _delivery(desk: Desk, leg: Leg) -> NewDelivery:
    event, way, addressee, lane = leg
    delivery_id = new_id(slot_of(event.id))
    letter_id, due_at = delivery_id, _due_at(desk, leg)
    if way.to_people and event.kind in GATHERED:
        own = (delivery_id, due_at)
        letter_id, due_at = desk.gathering.setdefault((lane, event.kind), own)
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
    event, way, addressee, lane = leg
    ready_at = desk.now
    if way.to_people and event.kind in GATHERED and len(desk.kinds[lane]) == 1:
        ready_at = max(event.occurred_at + GATHERING, desk.now)
    if not way.rings:
        return ready_at
    quiet = desk.wishes.get(addressee.recipient, NO_WISHES).choices.quiet
    return may_ring_at(ready_at, TOPIC_OF[event.kind], addressee.time_zone, quiet)

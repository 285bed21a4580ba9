"""`holder.told`: what is due of one channel goes out, and what came of it is noted.

    N  deliver_message.send     a share of the batch over one connection, each under a Message-ID
                                that follows from its delivery
    T  deliver_message.settle   of that share: sent, laid aside, overtaken, or later again

What letters say is read for the whole batch at once, from the rows as they are at the moment of
sending; what is not true any more is not sent. At least once: a process that dies between the two
sends that share again when its lease ends, with the same Message-IDs.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog

from keepline.core.retries import spread
from keepline.core.telling import TOPIC_OF, Choices, may_ring_at, may_still_go
from keepline.flows.steps import network_step, transaction_step
from keepline.flows.telling.letters import WARNINGS
from keepline.flows.telling.news import Rows, is_untrue, news_of, rows_of
from keepline.flows.telling.way import Addressee, Letter, TakesNote, Told, Way
from keepline.gateways.messaging.port import (
    AddressRefused,
    ChannelBusy,
    ChannelDown,
    ChannelRefused,
    SendResult,
    Sent,
    without_addresses,
)
from keepline.lines import services as lines
from keepline.messages import deliveries, preferences, receipts
from keepline.messages import queries as messages
from keepline.messages.deliveries import Attempt, Claimed
from keepline.messages.models import Outbox
from keepline.messages.preferences import NO_WISHES, Wishes

ACTION = "holder.told"
WHEN_DOWN: Final = timedelta(seconds=5)  # the way itself rests, longer and longer
WAITS_AT_MOST: Final = timedelta(days=3)  # for a way that is down

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One letter that was claimed: its deliveries, the first of which leads, and their events."""

    claimed: Sequence[Claimed]
    events: Sequence[Outbox]
    addressee: Addressee | None


@dataclass(frozen=True, slots=True)
class Share:
    """Letters that are handed over together."""

    sheets: Sequence[Sheet]

    def __str__(self) -> str:  # for logs, which have nobody's name or address in them
        return " ".join(str(sheet.claimed[0].letter_id) for sheet in self.sheets)


@dataclass(frozen=True, slots=True)
class Desk:
    """What all letters of a batch are written with."""

    way: Way
    rows: Rows
    wishes: Mapping[str, Wishes]
    now: datetime
    in_time: Callable[[], bool]


class Written(NamedTuple):
    """A letter that goes out: what it tells of, and what of it was overtaken."""

    told: Sequence[Claimed]
    overtaken: Sequence[Claimed]
    addressee: Addressee
    message: Any


class Done(NamedTuple):
    """What came of a batch. `down`: nobody answered, so whoever works this way should rest."""

    attempts: Sequence[Attempt]
    down: bool = False


Hands = Callable[[Callable[[Share], Done], Iterable[Share]], Iterable[Done | None]]


def deliver(
    way: Way,
    claimed: Sequence[Claimed],
    now: datetime,
    hands: Hands = map,
    in_time: Callable[[], bool] = lambda: True,
) -> Done:
    """Sends what was claimed of one way; what came of each.

    `hands` works off shares: one after the other, or side by side. It may give None for one that
    broke: that stays claimed until its lease ends. `in_time`: whether another share may begin;
    what may not is given back.
    """
    events = messages.events_among({each.event_id for each in claimed})
    people = {
        (account_id, addressee.recipient): addressee
        for account_id, found in way.addressees({each.account_id for each in claimed}).items()
        for addressee in found
    }
    letters: dict[UUID, list[Claimed]] = defaultdict(list)
    for each in sorted(claimed):
        letters[each.letter_id].append(each)
    sheets = [
        Sheet(
            claimed=own,
            events=[events[each.event_id] for each in own],
            addressee=people.get((own[0].account_id, own[0].recipient)),
        )
        for own in letters.values()
    ]
    wishes = preferences.wishes_among({each.recipient for each in claimed})
    rows = rows_of(list(events.values()), with_receipts=way.encloses)
    desk = Desk(way, rows, wishes, now, in_time)
    done = [each for each in hands(partial(_share, desk), _shares(sheets, way.share)) if each]
    return Done(
        attempts=[attempt for each in done for attempt in each.attempts],
        down=any(each.down for each in done),
    )


def _shares(sheets: Iterable[Sheet], size: int) -> Iterator[Share]:
    rest = iter(sheets)
    while share := list(islice(rest, size)):
        yield Share(share)


def _share(desk: Desk, share: Share) -> Done:
    """Writes, sends and settles some letters."""
    attempts: list[Attempt] = []
    letters: list[Written] = []
    for sheet in share.sheets:
        written = _written(desk, sheet)
        if isinstance(written, Written):
            letters.append(written)
        else:
            attempts += written
    sent: Sequence[Sent] = ()
    if letters:
        with network_step("deliver_message.send"):
            sent = desk.way.send_all([letter.message for letter in letters])
    for letter, result in zip(letters, sent, strict=True):
        attempts += _judged(desk, letter, result)
    _settle(desk, attempts, letters, sent)
    return Done(attempts, down=any(isinstance(result, ChannelDown) for result in sent))


def _written(desk: Desk, sheet: Sheet) -> Written | list[Attempt]:
    """The letter, or what to note where none goes out now."""
    if not desk.in_time():
        return [_again(each, desk.now, counted=each.attempts - 1) for each in sheet.claimed]
    choices = desk.wishes.get(sheet.claimed[0].recipient, NO_WISHES).choices
    overtaken = [
        each
        for each, event in zip(sheet.claimed, sheet.events, strict=True)
        if is_untrue(event, desk.rows, desk.now)
    ]
    if end := _end_of(desk, sheet, choices, overtaken):
        return [_ended(each, end) for each in sheet.claimed]
    rings_at = _rings_at(desk, sheet, choices)
    if rings_at > desk.now:
        return [_again(each, rings_at, counted=0) for each in sheet.claimed]
    told = [each for each in sheet.claimed if each not in overtaken]
    try:
        return _letter(desk, sheet, told, overtaken)
    except Exception as error:  # one that cannot be written stops no other
        log.exception("letter_not_written", delivery=str(sheet.claimed[0].id))
        return _later(desk, sheet.claimed, f"could not be written: {type(error).__name__}")


def _end_of(desk: Desk, sheet: Sheet, choices: Choices, overtaken: Sequence[Claimed]) -> str:
    """Why no letter is sent any more; "" for one that is."""
    if sheet.addressee is None:
        return "no_address"
    if desk.way.to_people and not may_still_go(sheet.claimed[0].kind, desk.way.channel, choices):
        return "not_wanted"
    return "overtaken" if len(overtaken) == len(sheet.claimed) else ""


def _letter(
    desk: Desk, sheet: Sheet, told: Sequence[Claimed], overtaken: Sequence[Claimed]
) -> Written:
    by_id = {event.id: event for event in sheet.events}
    events = [by_id[each.event_id] for each in told]
    assert sheet.addressee is not None
    news = [Told(event, news_of(event, desk.rows, desk.now)) for event in events]
    letter = Letter(sheet.claimed[0].letter_id, sheet.addressee, news)
    return Written(told, overtaken, sheet.addressee, desk.way.write(letter))


def _rings_at(desk: Desk, sheet: Sheet, choices: Choices) -> datetime:
    if not desk.way.rings or sheet.addressee is None:
        return desk.now
    topic, zone = TOPIC_OF[sheet.events[0].kind], sheet.addressee.time_zone
    return may_ring_at(desk.now, topic, zone, choices.quiet)


def _judged(desk: Desk, letter: Written, result: Sent) -> list[Attempt]:
    """A letter stays whole: what is tried again is looked at again as a whole."""
    every = sorted([*letter.told, *letter.overtaken])
    if isinstance(result, SendResult):
        sent = [_ended(each, "sent", reference=result.reference) for each in letter.told]
    elif isinstance(result, ChannelRefused):
        sent = [_ended(each, "refused", without_addresses(str(result))) for each in letter.told]
    elif isinstance(result, ChannelBusy):
        at = desk.now + spread(timedelta(seconds=result.again_s), letter.told[0].id)
        return [_again(each, at, _begun(each), str(result)) for each in every]
    elif isinstance(result, ChannelDown):
        return [_waiting(desk, each, without_addresses(str(result))) for each in every]
    else:
        return _later(desk, every, without_addresses(str(result)))
    return [*sent, *(_ended(each, "overtaken") for each in letter.overtaken)]


def _waiting(desk: Desk, each: Claimed, reason: str) -> Attempt:
    """The way is down, which is nobody's try."""
    if desk.now - each.addressed_at > WAITS_AT_MOST:
        return _ended(each, "laid_aside", reason)
    return _again(each, desk.now + WHEN_DOWN, _begun(each), reason)


def _begun(each: Claimed) -> int:
    """What is not counted as a try has begun all the same: nothing of its lane goes before it."""
    return max(each.attempts - 1, 1)


def _later(desk: Desk, claimed: Sequence[Claimed], reason: str) -> list[Attempt]:
    tried, pauses = claimed[0].attempts, desk.way.pauses
    if tried > len(pauses):
        return [_ended(each, "laid_aside", reason) for each in claimed]
    pause = pauses[tried - 1]
    if not desk.way.to_people:  # an endpoint that comes back is not met by all at once
        pause = spread(pause, claimed[0].id)
    again_at = desk.now + pause
    return [_again(each, again_at, each.attempts, reason) for each in claimed]


def _again(each: Claimed, at: datetime, counted: int, reason: str = "") -> Attempt:
    return Attempt(each.id, "", each.attempts, counted, reason, again_at=at)


def _ended(each: Claimed, outcome: str, reason: str = "", reference: str = "") -> Attempt:
    return Attempt(each.id, outcome, each.attempts, each.attempts, reason, reference)


def _came_back(letters: Sequence[Written], sent: Sequence[Sent]) -> dict[str, tuple[str, str]]:
    """Whose address takes nothing: recipient -> (address, the channel's code)."""
    return {
        letter.addressee.recipient: (letter.addressee.to, result.code)
        for letter, result in zip(letters, sent, strict=True)
        if isinstance(result, AddressRefused)
    }


def _settle(
    desk: Desk,
    attempts: Sequence[Attempt],
    letters: Sequence[Written],
    results: Sequence[Sent],
) -> None:
    now, way = desk.now, desk.way
    sent = {attempt.delivery_id: attempt for attempt in attempts if attempt.outcome == "sent"}
    warned = {
        each.line_id
        for letter in letters
        for each in letter.told
        if each.line_id and each.id in sent and each.kind in WARNINGS
    }
    with transaction_step("deliver_message.settle"):
        if way.to_people:
            lines.note_warnings(warned, now)
        if way.tells_later:
            receipts.remember(way.channel, _references(letters, sent), now)
        preferences.note_failing(way.channel, _came_back(letters, results), now)
        if isinstance(way, TakesNote):
            messages_sent = [letter.message for letter in letters]
            way.note(list(zip(messages_sent, results, strict=True)), now)
        deliveries.settle(attempts, now)


def _references(letters: Sequence[Written], sent: Mapping[UUID, Attempt]) -> list[tuple[str, UUID]]:
    """The channel's id of each letter, and the letter's first delivery."""
    first = [letter.told[0].id for letter in letters if letter.told[0].id in sent]
    return [(sent[delivery_id].reference, delivery_id) for delivery_id in first]

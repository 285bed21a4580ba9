"""`sms.taken`: what an SMS network hands over: messages and their parts, and receipts.

    T  take_sms.note      receipts are kept with what they may belong to
    T  take_sms.match     .. and noted there, now or when it is known (match_late)
    T  take_sms.hear      was it heard before? parts are kept, sealed, until all are there
    .. receive_message    each whole message, to whom its number belongs
    T  take_sms.settle    what was handed on is erased here

The network is told that we have it when this has returned; before that, a death at any point makes
it come again, under the same references. docs/gateways/smpp.md says what counts as the same.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from keepline.flows import receive_message
from keepline.flows.steps import transaction_step
from keepline.gateways.messaging.inbound import Arrived, InboundPart, InboundSms, SmsReceipt
from keepline.messages import early_receipts, heard
from keepline.messages.early_receipts import NewReceipt
from keepline.messages.heard import Piece, mark

ACTION = "sms.taken"
CHANNEL = "sms"
GAP = " […] "  # where a part is missing that did not come in time
LATE_AT_ONCE = 100
MATCHED_WITHIN, MATCHED_AT_ONCE = timedelta(minutes=15), 1000


def take(arrived: Sequence[Arrived], now: datetime) -> int:
    """Takes it in; how many messages were whole by now. Raises what `receive_message` raises."""
    note([one for one in arrived if isinstance(one, SmsReceipt)], now)
    pieces = {
        piece.id: piece for piece in map(_piece, arrived) if piece is not None
    }  # one that stands there twice is a repeat
    if not pieces:
        return 0
    with transaction_step("take_sms.hear"):
        fresh = heard.hear(list(pieces.values()), now)
    # Parts of one message may arrive at several workers: whoever sees all of them hands them on,
    # and where two do, the message has one reference.
    parts = heard.waiting({pieces[own_id].whole for own_id in fresh} - {""})
    whole = [
        (_inbound([piece], fresh[piece.id]), [piece.id])
        for piece in pieces.values()
        if piece.id in fresh and not piece.whole
    ]
    whole += [_joined(group) for group in _messages(parts) if _is_whole(group)]
    return _hand_on(whole, now)


def note(told: Sequence[SmsReceipt], now: datetime) -> None:
    """Receipts. One that is quicker than the note of what was sent waits for it."""
    if told:
        receipts = [NewReceipt(one.reference, one.state, one.code) for one in told]
        with transaction_step("take_sms.note"):
            early_receipts.keep(CHANNEL, receipts, now)
        match_receipts([one.reference for one in told])


def match_receipts(references: Sequence[str]) -> int:
    """Notes receipts at what they are of, as far as that is known by now; how many."""
    with transaction_step("take_sms.match"):
        return early_receipts.match(CHANNEL, references)


def match_late(now: datetime) -> int:
    """The same of those that came before their messages were noted; how many."""
    with transaction_step("take_sms.match_late"):
        return early_receipts.match_since(CHANNEL, now - MATCHED_WITHIN, MATCHED_AT_ONCE)


def hand_on_late(now: datetime) -> int:
    """Messages of which parts did not come in time, with a gap in their place; how many."""
    parts = heard.waiting(heard.late(now, LATE_AT_ONCE))
    return _hand_on([_joined(group) for group in _messages(parts)], now)


def _piece(one: Arrived) -> Piece | None:
    if isinstance(one, InboundSms):
        return Piece(mark(one.reference), one.to, one.sender, one.text)
    if isinstance(one, InboundPart):
        part = one.part
        return Piece(
            id=mark(part.reference, one.of, one.number, one.total),
            to=part.to,
            sender=part.sender,
            text=part.text,
            whole=mark(part.to, part.sender, one.of, one.total),
            number=one.number,
            total=one.total,
        )
    return None


def _messages(parts: Iterable[Piece]) -> list[list[Piece]]:
    return [list(group) for _, group in groupby(parts, key=lambda part: part.whole)]


def _is_whole(parts: Sequence[Piece]) -> bool:
    return len({part.number for part in parts}) == parts[0].total


def _joined(parts: Sequence[Piece]) -> tuple[InboundSms, list[str]]:
    # Where a sender used the same number for two messages at once, the later part stands there.
    by_number = {part.number: part for part in parts}
    return _inbound(list(by_number.values()), parts[0].reference), [part.id for part in parts]


def _inbound(pieces: Sequence[Piece], reference: str) -> InboundSms:
    last, text = 0, ""
    for piece in pieces:
        text += (GAP if piece.number > last + 1 else "") + piece.text
        last = piece.number
    text += GAP if last < pieces[0].total else ""
    return InboundSms(pieces[0].to, pieces[0].sender, text, reference)


def _hand_on(whole: Sequence[tuple[InboundSms, list[str]]], now: datetime) -> int:
    for inbound, _ in whole:
        receive_message.receive(inbound, now)
    if whole:
        with transaction_step("take_sms.settle"):
            heard.done([own_id for _, ids in whole for own_id in ids], now)
    return len(whole)

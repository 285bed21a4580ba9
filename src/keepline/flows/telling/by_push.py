"""By web push: the kind of news and the line's own name, to each browser of the people."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.utils import translation
from django.utils.translation import ngettext

from keepline.accounts import queries as accounts
from keepline.core.retries import MESSAGE_PAUSES
from keepline.flows.telling.letters import path_of, subject_of
from keepline.flows.telling.way import Addressee, Letter, person
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import (
    ChannelRefused,
    ChannelUnavailable,
    SendResult,
    Sent,
    one_by_one,
)
from keepline.gateways.messaging.push import PushMessage, Subscription
from keepline.messages import browsers

KEPT_S: Final = 24 * 3600  # for a browser that is away; later it is no news
TOPIC_SIGNS: Final = 32  # RFC 8030
GONE: Final = frozenset({"404", "410"})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for all browsers of one person."""

    messages: Sequence[PushMessage]
    gone: list[str]  # addresses of browsers that have unsubscribed, filled while it is sent


class ByPush:
    """See Way."""

    channel = "push"
    to_people = True
    rings = True
    tells_later = False
    encloses = False
    share = 4
    threads = 8
    pauses = MESSAGE_PAUSES

    def is_connected(self) -> bool:
        """See Way."""
        return switchboard.has("push")

    def addressees(self, account_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Addressee]]:
        """See Way. Two queries."""
        people = accounts.people_among(account_ids)
        reached = browsers.among({one.user_id for found in people.values() for one in found})
        return {
            account_id: [
                person(each, tuple(reached[each.user_id]))
                for each in found
                if each.user_id in reached
            ]
            for account_id, found in people.items()
        }

    def write(self, letter: Letter) -> Outgoing:
        """See Way."""
        to: Sequence[Subscription] = letter.addressee.to
        payload, topic = _payload(letter), _topic(letter)
        messages = [PushMessage(letter.message_id, each, payload, KEPT_S, topic) for each in to]
        return Outgoing(messages, [])

    def send_all(self, messages: Sequence[Outgoing]) -> Sequence[Sent]:
        """See Way."""
        return [_sent(message) for message in messages]

    def note(self, sent: Sequence[tuple[Outgoing, Sent]], now: datetime) -> None:  # noqa: ARG002
        """See TakesNote: browsers that have unsubscribed are forgotten."""
        gone = [endpoint for message, _ in sent for endpoint in message.gone]
        if gone:
            browsers.forget(gone)


def _sent(outgoing: Outgoing) -> Sent:
    """Taken when one browser's service took it: a person is told, not a browser."""
    results = one_by_one(switchboard.push().send, outgoing.messages)
    for message, result in zip(outgoing.messages, results, strict=True):
        if isinstance(result, ChannelRefused) and result.code in GONE:
            outgoing.gone.append(message.to.endpoint)
    taken = [result for result in results if isinstance(result, SendResult)]
    later = [result for result in results if isinstance(result, ChannelUnavailable)]
    return (taken or later or results)[0]


def _payload(letter: Letter) -> bytes:
    """What kind of thing happened, and to which line by the name that its holder gave it."""
    with translation.override(letter.addressee.language):
        said = {
            "title": subject_of(letter.told[0]),
            "body": _body(letter),
            "lang": letter.addressee.language,
            "path": path_of(letter.told[0].event) if len(letter.told) == 1 else "/",
            "tag": str(letter.message_id),
        }
    return json.dumps(said, ensure_ascii=False).encode()


def _body(letter: Letter) -> str:
    if len(letter.told) > 1:
        count = len(letter.told)
        return ngettext("%d line", "%d lines", count) % count
    line = letter.told[0].news.line
    return line.label if line else ""


def _topic(letter: Letter) -> str:
    """A later message of the same kind about the same replaces one that waits at the service."""
    event = letter.told[0].event
    about = f"{letter.kind}:{event.line_id or event.order_id or event.account_id}"
    return sha256(about.encode()).hexdigest()[:TOPIC_SIGNS]

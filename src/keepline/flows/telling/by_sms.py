"""By SMS: a sentence and where to go, to everybody who answers for an account and has a verified
phone. In one part mostly, two at most: each costs."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from keepline.accounts import queries as accounts
from keepline.core import formats
from keepline.core.retries import MESSAGE_PAUSES
from keepline.core.telling import TOPIC_OF, Topic
from keepline.flows.telling.letters import SUBJECTS_OF_MANY, subject_of
from keepline.flows.telling.way import Addressee, Letter, Told, people
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import Sent
from keepline.gateways.messaging.sms import SmsMessage

# Of a line, where its name and a day say more than the subject of the letter does.
TEXTS: Final = {
    "line.expiry_near": gettext_noop("%(line)s runs out on %(day)s."),
    "line.renewal_failed": gettext_noop(
        "%(line)s could not be renewed by itself. It runs out on %(day)s."
    ),
    "line.consent_needed": gettext_noop(
        "%(line)s needs your word to be renewed. It runs out on %(day)s."
    ),
    "line.expired": gettext_noop("%(line)s has run out. Its number is yours until %(end)s."),
    "line.suspended": gettext_noop("%(line)s is suspended. Its number is yours until %(end)s."),
    "line.withdrawal_near": gettext_noop(
        "%(line)s will be withdrawn on %(end)s if it is not renewed."
    ),
}
TEXTS_WITHOUT_NUMBER: Final = {
    "line.expired": gettext_noop("%(line)s has run out. It can be brought back until %(end)s."),
    "line.suspended": gettext_noop("%(line)s is suspended. It can be brought back until %(end)s."),
}
LONGEST_NAME: Final = 24
LARGEST_SHARE: Final = 50
USEFUL_FOR: Final = timedelta(days=1)


class BySms:
    """See Way."""

    channel = "sms"
    to_people = True
    rings = True
    tells_later = True
    encloses = False
    threads = 4
    pauses = MESSAGE_PAUSES

    @property
    def share(self) -> int:
        """See Way. What an SMSC lets through in some seconds is no more than all threads hold."""
        return max(min(LARGEST_SHARE, switchboard.sms().most_at_once // self.threads), 1)

    def is_connected(self) -> bool:
        """See Way."""
        return switchboard.has("sms")

    def addressees(self, account_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Addressee]]:
        """See Way. One query."""
        return people(accounts.phones_among(account_ids))

    def write(self, letter: Letter) -> SmsMessage:
        """See Way."""
        with translation.override(letter.addressee.language):
            return SmsMessage(
                message_id=letter.message_id,
                to=letter.addressee.to,
                text=f"{_sentence(letter)} {switchboard.public_url()}/",
                useful_for_s=int(USEFUL_FOR.total_seconds()),
            )

    def send_all(self, messages: Sequence[SmsMessage]) -> Sequence[Sent]:
        """See Way."""
        return switchboard.sms().send_all(messages)


def _sentence(letter: Letter) -> str:
    if len(letter.told) > 1:
        return gettext(SUBJECTS_OF_MANY[letter.kind]) % {"n": len(letter.told)}
    told = letter.told[0]
    said = _of_line(told, letter.addressee) or subject_of(told)
    ended = said if said.endswith((".", "。")) else gettext("%(sentence)s.") % {"sentence": said}
    if TOPIC_OF[letter.kind] == Topic.SAFETY:
        return gettext("%(sentence)s Was it not you? Look here at once:") % {"sentence": ended}
    return ended


def _of_line(told: Told, addressee: Addressee) -> str:
    """The sentence about a line; "" where there is none, or what it would say is not known."""
    kind, line = told.event.kind, told.news.line
    text = TEXTS.get(kind)
    if text is None or line is None:
        return ""
    text = text if line.e164 else TEXTS_WITHOUT_NUMBER.get(kind, text)
    at = line.withdrawn_at if "%(end)s" in text else line.valid_until
    if at is None:
        return ""
    day = formats.day(at, addressee.time_zone, addressee.language, with_year=False)
    return gettext(text) % {"line": _short(line.label), "day": day, "end": day}


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 2].rstrip()}.."

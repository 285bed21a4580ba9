"""By e-mail: letters, to everybody who answers for an account and has a verified address; while an
imported account has nobody yet, to the address on file."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from keepline.accounts import claims
from keepline.accounts import queries as accounts
from keepline.core.retries import MESSAGE_PAUSES
from keepline.flows.receipting.enclosing import enclosed
from keepline.flows.telling.letters import words_of
from keepline.flows.telling.return_tokens import return_token
from keepline.flows.telling.way import Addressee, Letter, contact, people
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import EmailMessage, Sent


class ByEmail:
    """See Way."""

    channel = "email"
    to_people = True
    rings = False
    tells_later = False  # what comes back has the delivery in its address (take_bounce)
    encloses = True
    share = 32
    threads = 8
    pauses = MESSAGE_PAUSES

    def is_connected(self) -> bool:
        """See Way."""
        return switchboard.has("email")

    def addressees(self, account_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Addressee]]:
        """See Way. One query; two where an account has nobody with an e-mail."""
        found = accounts.addresses_among(account_ids)
        nobodys = claims.contacts_among([each for each in account_ids if each not in found])
        return {**people(found), **{each.id: [contact(each)] for each in nobodys}}

    def write(self, letter: Letter) -> EmailMessage:
        """See Way."""
        words = words_of(letter)
        reader, receipts = letter.addressee, [told.news.receipt for told in letter.told]
        return EmailMessage(
            message_id=letter.message_id,
            to=letter.addressee.to,
            subject=words.subject,
            text=words.text,
            html=words.html,
            language=letter.addressee.language,
            unsubscribe=words.unsubscribe,
            return_token=return_token(letter.message_id, reader.to),
            attachments=enclosed(receipts, reader.language, reader.time_zone),
        )

    def send_all(self, messages: Sequence[EmailMessage]) -> Sequence[Sent]:
        """See Way."""
        return switchboard.email().send_all(messages)

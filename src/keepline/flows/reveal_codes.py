"""`card.codes_shown`: PIN and PUK of a line's card are shown once, and who saw them is written.

    T  reveal_codes.show    the audit event, and the codes

Without the event in the trail nobody sees a code: both are of one transaction.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.inventory import queries as inventory
from keepline.inventory.models import Card

ACTION = "card.codes_shown"


@dataclass(frozen=True, slots=True)
class CardCodes:
    """ "" where a code is not known. None of them is in the repr."""

    iccid: str
    pin: str = field(repr=False)
    puk: str = field(repr=False)
    pin2: str = field(repr=False)
    puk2: str = field(repr=False)


def reveal_codes(iccid: str, account_id: UUID, actor: str, now: datetime) -> CardCodes:
    """The codes of a card that is on a line of the account.

    Raises FlowRefused (not_found) for every other card, and for one whose codes are not known.
    """
    with transaction_step("reveal_codes.show"):
        card = inventory.sim(Card, iccid)
        if card is None or card.line_id is None or card.account_id != account_id:
            raise FlowRefused("not_found")
        codes = inventory.codes_of(card)
        if not codes:
            raise FlowRefused("not_found")
        facts = {"iccid": iccid, "codes": sorted(codes)}
        audit.record(
            ACTION,
            actor=actor,
            now=now,
            account_id=account_id,
            subject_id=card.line_id,
            facts=facts,
        )
    return CardCodes(
        iccid, **{name: codes.get(name, "") for name in ("pin", "puk", "pin2", "puk2")}
    )

"""Writes of cards and profiles: given to a line, moved through their lives.

A line has a card through `CardHolding`, whose key is the ICCID: one line at a time. Rows are locked
after numbers and before lines. All of it runs in the caller's transaction.
"""

import base64
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction

from keepline.core.lifecycle.card import CardEvent, CardState
from keepline.core.lifecycle.profile import ProfileEvent, ProfileState
from keepline.inventory.models import Card, CardHolding, Profile, SimIdentity, StockKind
from keepline.inventory.naming import activation_key, slot_of_iccid
from keepline.inventory.sealing import sealer
from keepline.inventory.services import CardTaken, enter_card, transition

SimT = TypeVar("SimT", Card, Profile)
BACK_IN_STOCK = {
    "line_id": None,
    "account_id": None,
    "taken_at": None,
    "matching_id": "",
    "smdp_oid": "",
    "sealed_confirmation_code": "",
    "eid": "",
    "downloads": 0,
    "code_shown_at": None,
}


AVAILABLE = "available"  # the same word in both machines


class ActivationTaken(Exception):
    """Another profile has this activation code."""


def new_matching_id() -> str:
    """One that nobody can guess: 32 signs of A-Z and 2-7 (SGP.22, 4.1 has A-Z, 0-9 and -)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def lock_sim(kind: type[SimT], iccid: str) -> SimT:
    """The card or profile under lock. Raises its DoesNotExist."""
    found: SimT = (
        kind.objects.select_for_update(no_key=True)
        .filter(slot=slot_of_iccid(iccid), iccid=iccid)
        .get()
    )
    return found


def lock_sims(iccids: Collection[str]) -> None:
    """Locks several at once, in the order that everybody takes: cards, then profiles, by ICCID.

    One that is in no stock is passed over.
    """
    slots = sorted({slot_of_iccid(iccid) for iccid in iccids})
    for kind in (Card, Profile):
        rows = kind.objects.select_for_update(no_key=True).filter(slot__in=slots)
        list(rows.filter(iccid__in=sorted(iccids)).order_by("iccid").values_list("iccid"))


def assign_card(iccid: str, account_id: UUID, line_id: UUID, now: datetime) -> Card:
    """Gives the card that the account holds to its line. Raises CardTaken."""
    card = lock_sim(Card, iccid)
    _demand_holder(card, account_id, line_id, CardState.HELD)
    enter_card(iccid, line_id)
    transition(card, CardEvent.ASSIGN, now, line_id=line_id, until_at=None, taken_at=now)
    return card


def take_over_card(iccid: str, account_id: UUID, line_id: UUID, now: datetime) -> None:
    """Enters the ICCID of a line that lives already; in stock it leaves the shelf.

    Raises CardTaken when it is another line's, or in stock and not free.
    """
    entered = CardHolding.objects.filter(iccid=iccid, line_id=line_id).exists()
    enter_card(iccid, line_id)
    listed = SimIdentity.objects.filter(iccid=iccid).first()
    if entered or listed is None:
        return
    is_card = listed.kind == StockKind.CARD
    sim = lock_sim(Card, iccid) if is_card else lock_sim(Profile, iccid)
    if sim.state != AVAILABLE:
        raise CardTaken(iccid)
    event = CardEvent.ASSIGN if is_card else ProfileEvent.INSTALL
    transition(sim, event, now, line_id=line_id, account_id=account_id)


def change_card(iccid: str, line_id: UUID, event: CardEvent, now: datetime) -> Card:
    """Blocks, unblocks or retires a line's card.

    Raises CardTaken when it is not this line's, core's IllegalTransition.
    """
    card = lock_sim(Card, iccid)
    if card.line_id != line_id:
        raise CardTaken(iccid)
    transition(card, event, now)
    return card


def assign_profile(
    iccid: str, account_id: UUID, line_id: UUID, event: ProfileEvent, now: datetime, eid: str = ""
) -> Profile:
    """Gives the profile that the account holds to its line.

    `event`: RELEASE when its activation code came with it; ALLOCATE, or LINK with the `eid`, when
    the SM-DP+ took the order. Raises CardTaken, core's IllegalTransition.
    """
    profile = lock_sim(Profile, iccid)
    _demand_holder(profile, account_id, line_id, ProfileState.HELD)
    enter_card(iccid, line_id)
    transition(profile, event, now, line_id=line_id, until_at=None, taken_at=now, eid=eid)
    return profile


def change_profile(profile: Profile, event: ProfileEvent, now: datetime) -> None:
    """Moves a profile under lock by what SM-DP+ or eUICC told; a download is counted.

    Cancelled it goes back to the shelf without its activation code, which somebody knows by now.
    Raises core's IllegalTransition.
    """
    if event is ProfileEvent.CANCEL:
        CardHolding.objects.filter(iccid=profile.iccid).delete()
        SimIdentity.objects.filter(iccid=profile.iccid).update(activation=None)
        transition(profile, event, now, **BACK_IN_STOCK)
        return
    downloads = profile.downloads + (event is ProfileEvent.DOWNLOAD)
    transition(profile, event, now, downloads=downloads)


def note_activation(
    profile: Profile, smdp_address: str, matching_id: str, confirmation_code: str = ""
) -> None:
    """Keeps what the holder needs to download a profile under lock. Raises ActivationTaken.

    ES2+ ConfirmOrder answers it; the confirmation code is kept sealed.
    """
    activation = activation_key(smdp_address, matching_id)
    try:
        with transaction.atomic():
            SimIdentity.objects.filter(iccid=profile.iccid).update(activation=activation)
    except IntegrityError:
        raise ActivationTaken(profile.iccid) from None
    code = {"confirmation_code": confirmation_code}
    sealed = sealer().seal(profile.iccid, code) if confirmation_code else ""
    columns = {
        "smdp_address": smdp_address,
        "matching_id": matching_id,
        "sealed_confirmation_code": sealed,
    }
    Profile.objects.filter(slot=profile.slot, id=profile.id).update(**columns)
    for name, value in columns.items():
        setattr(profile, name, value)


def stand_by(profile: Profile, carrier_id: int | None) -> None:
    """A profile under lock stands by for a carrier from now on; None: not any more."""
    rows = Profile.objects.filter(slot=profile.slot, id=profile.id)
    rows.update(standby_carrier_id=carrier_id)
    profile.standby_carrier_id = carrier_id


def note_eid(profile: Profile, eid: str) -> None:
    """Keeps on which eUICC a profile under lock is."""
    Profile.objects.filter(slot=profile.slot, id=profile.id).update(eid=eid)
    profile.eid = eid


def note_shown(profile: Profile, now: datetime) -> bool:
    """Keeps when somebody saw its activation code first. False when somebody had before."""
    rows = Profile.objects.filter(slot=profile.slot, id=profile.id, code_shown_at=None)
    return bool(rows.update(code_shown_at=now))


def _demand_holder(sim: Card | Profile, account_id: UUID, line_id: UUID, held: str) -> None:
    """Held by the account: for no line yet, or for this one."""
    if sim.state != held or sim.account_id != account_id or sim.line_id not in (None, line_id):
        raise CardTaken(sim.iccid)

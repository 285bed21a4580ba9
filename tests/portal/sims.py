"""SIMs of lines for the tests of their pages: an eSIM that went so far, a card with its codes."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from keepline.core.identifiers import ActivationCode
from keepline.core.lifecycle.profile import ProfileEvent as E
from keepline.inventory import holding, sims
from keepline.inventory.models import Card, Profile
from keepline.inventory.sealing import sealer
from keepline.lines.models import Line
from tests.cast import NOW, Cast
from tests.inventory import shelves

CODE = ActivationCode("smdp.example.com", "ABCD-EFGH-1234")
CODES = {"pin": "1234", "puk": "12345678", "pin2": "5678"}


def given(stage: Cast, *events: E, confirmation: str = "", **fields: Any) -> Profile:
    """The line has a profile that went so far."""
    code = {"smdp_address": CODE.smdp_address, "matching_id": CODE.matching_id}
    (iccid,) = shelves.profiles(shelves.pool("esims", "profile"), 1, **(code | fields))
    with transaction.atomic():
        holding.hold(Profile, iccid, stage.account.id, NOW + timedelta(days=1), NOW)
        profile = sims.assign_profile(iccid, stage.account.id, stage.line.id, E.RELEASE, NOW)
        if confirmation:
            sims.note_activation(profile, CODE.smdp_address, CODE.matching_id, confirmation)
        for event in events:
            sims.change_profile(profile, event, NOW)
    Line.objects.filter(id=stage.line.id).update(iccid=iccid)
    return profile


def carded(stage: Cast, codes: dict[str, str] = CODES, line: Line | None = None) -> str:
    line_id = (line or stage.line).id
    (iccid,) = shelves.cards(shelves.pool("cards", "card"), 1)
    with transaction.atomic():
        holding.hold(Card, iccid, stage.account.id, NOW + timedelta(days=1), NOW)
        sims.assign_card(iccid, stage.account.id, line_id, NOW)
    if codes:
        Card.objects.update(sealed_codes=sealer().seal(iccid, codes))
    Line.objects.filter(id=line_id).update(iccid=iccid)
    return iccid

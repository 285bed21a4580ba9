"""`profile.code_shown`: a line's activation code is shown to who may install it.

    T  reveal_profile.activation    the first time: the audit event; and the code
    T  reveal_profile.confirmation  each time: the audit event, and the confirmation code

Without the event in the trail nobody sees a code: both are of one transaction. A code is shown only
as long as a phone can use it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.core.identifiers import ActivationCode
from keepline.flows.errors import FlowRefused
from keepline.flows.show_esim import stage_of, usable
from keepline.flows.steps import transaction_step
from keepline.inventory import queries as stock
from keepline.inventory import sims
from keepline.inventory.models import Profile
from keepline.lines import queries as lines

ACTION = "profile.code_shown"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: a member of the account whose role may manage its lines, as audit names them."""

    account_id: UUID
    actor: str


def reveal_activation(line_id: UUID, viewer: Viewer, now: datetime) -> ActivationCode:
    """What a phone installs the line's eSIM with.

    Raises FlowRefused: not_found for another account's line and one without an eSIM; esim_not_ready
    when there is no code that a phone can use (any more).
    """
    with transaction_step("reveal_profile.activation"):
        profile = _usable_profile(line_id, viewer.account_id)
        code = stock.activation_code_of(profile)
        assert code is not None, "a usable profile has its code"
        if sims.note_shown(profile, now):
            _record(profile, viewer, "activation", now)
    return code


def reveal_confirmation(line_id: UUID, viewer: Viewer, now: datetime) -> str:
    """What the phone asks for at the download.

    Raises FlowRefused as `reveal_activation`, and not_found where nothing is asked for.
    """
    with transaction_step("reveal_profile.confirmation"):
        profile = _usable_profile(line_id, viewer.account_id)
        code = stock.confirmation_code_of(profile)
        if not code:
            raise FlowRefused("not_found")
        _record(profile, viewer, "confirmation", now)
    return code


def _usable_profile(line_id: UUID, account_id: UUID) -> Profile:
    row = lines.line_of(line_id, account_id)
    profile = stock.sim(Profile, row.iccid) if row and row.iccid else None
    if row is None or profile is None or profile.line_id != line_id:
        raise FlowRefused("not_found")
    if not usable(stage_of(row.state, profile), profile):
        raise FlowRefused("esim_not_ready")
    return profile


def _record(profile: Profile, viewer: Viewer, code: str, now: datetime) -> None:
    audit.record(
        ACTION,
        actor=viewer.actor,
        now=now,
        account_id=viewer.account_id,
        subject_id=profile.line_id,
        facts={"iccid": profile.iccid, "code": code},
    )

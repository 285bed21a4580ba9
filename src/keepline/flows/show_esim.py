"""Reads how far a line's eSIM has come, without its codes: flows/reveal_profile.py shows those."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.profile import ProfileState
from keepline.flows.delivering.swapping import NewSim
from keepline.flows.errors import FlowRefused
from keepline.flows.reissue_profile import Reissues, reissues_of
from keepline.inventory import notices
from keepline.inventory import queries as stock
from keepline.inventory.models import Outcome, Profile, ProfileNotice
from keepline.lines import queries as lines
from keepline.lines.queries import LineRow
from keepline.orders import queries as orders

Stage = Literal[
    "preparing",  # being ordered, or its line is not set up yet
    "ready",  # a phone may download it
    "downloading",  # a phone has it and installs it
    "installed",
    "enabled",
    "disabled",
    "deleted",  # removed from the phone
    "failed",  # it can never be installed
    "ended",  # the line ended
]
STAGES: Final[Mapping[ProfileState, Stage]] = {
    ProfileState.RELEASED: "ready",
    ProfileState.DOWNLOADED: "downloading",
    ProfileState.INSTALLED: "installed",
    ProfileState.ENABLED: "enabled",
    ProfileState.DISABLED: "disabled",
    ProfileState.DELETED: "deleted",
    ProfileState.ERROR: "failed",
    ProfileState.UNAVAILABLE: "failed",
}
UNBORN = (LineState.RESERVED, LineState.PROVISIONING)
StepKind = Literal["ordered", "released", "downloaded", "installed", "enabled"]
WAY: Final[tuple[StepKind, ...]] = ("ordered", "released", "downloaded", "installed", "enabled")
# How many steps of the way are done in each stage.
DONE: Final[Mapping[Stage, int]] = {
    "preparing": 1,
    "ready": 2,
    "downloading": 3,
    "installed": 4,
    "enabled": 5,
    "disabled": 5,
}
TOLD_BY: Final[Mapping[StepKind, str]] = {
    "downloaded": "download",
    "installed": "install",
    "enabled": "enable",
}


@dataclass(frozen=True, slots=True)
class EsimStep:
    """One step of the way. `yours`: the holder's turn. `at` is None where no instant is kept."""

    kind: StepKind
    state: Literal["done", "now", "yours", "next"]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EsimView:
    """A line's eSIM. `eid`: the device that it is bound to or on, "" while none is known.

    `steps` are empty once it is on no phone any more. `has_code`: there is an activation code that
    a phone can still use; `asks_confirmation`: the phone then asks for a confirmation code.
    """

    line: LineRow
    iccid: str
    stage: Stage
    profile_state: str
    steps: Sequence[EsimStep]
    eid: str
    has_code: bool
    asks_confirmation: bool
    reissues: Reissues

    @property
    def resting(self) -> bool:
        """Whether nothing is expected that a page should wait for."""
        waiting = self.stage in ("preparing", "ready", "downloading", "installed")
        return not waiting and not self.reissues.under_way

    @property
    def seen(self) -> str:
        """Another one when the page has something else to say."""
        return f"{self.stage}-{self.iccid[-6:]}{'-next' if self.reissues.under_way else ''}"

    @property
    def reissuable(self) -> bool:
        """Whether moving it to another phone makes sense: its code is spent, its line lives."""
        movable = self.stage not in ("preparing", "ready", "ended")
        return movable and self.line.state in NewSim.states and not self.reissues.under_way


def show_esim(line_id: UUID, account_id: UUID, now: datetime) -> EsimView:
    """Raises FlowRefused("not_found") for another account's line and for one without an eSIM."""
    row = lines.line_of(line_id, account_id)
    if row is None or row.iccid is None:
        raise FlowRefused("not_found")
    profile = stock.sim(Profile, row.iccid)
    if profile is None or profile.line_id != line_id:
        raise FlowRefused("not_found")
    stage = stage_of(row.state, profile)
    return EsimView(
        line=row,
        iccid=profile.iccid,
        stage=stage,
        profile_state=profile.state,
        steps=_steps(stage, profile, notices.notices_of(profile.iccid, line_id)),
        eid=profile.eid,
        has_code=usable(stage, profile),
        asks_confirmation=bool(profile.sealed_confirmation_code),
        reissues=reissues_of(line_id, account_id, now),
    )


def failed_purchase(line_id: UUID, account_id: UUID) -> UUID | None:
    """The order of a line that was to be bought with its SIM and never came to life."""
    row = lines.line_of(line_id, account_id)
    if row is None or row.lived:
        return None
    found = orders.orders_of_line(line_id, account_id, 1)
    return found[0].id if found and "profile" in (found[0].stock or {}) else None


def stage_of(line_state: LineState, profile: Profile) -> Stage:
    """How the eSIM stands, in the words of somebody who waits for it."""
    if line_state is LineState.TERMINATED:
        return "ended"
    if line_state in UNBORN:
        return "preparing"
    return STAGES.get(ProfileState(profile.state), "preparing")


def usable(stage: Stage, profile: Profile) -> bool:
    """Whether the activation code is there and not spent."""
    return stage in ("ready", "downloading") and bool(profile.matching_id)


def _steps(stage: Stage, profile: Profile, told: Sequence[ProfileNotice]) -> Sequence[EsimStep]:
    if stage not in DONE:
        return []
    moved = {each.event: each.occurred_at for each in told if each.outcome == Outcome.MOVED}
    done = DONE[stage]
    at = {kind: moved.get(event) for kind, event in TOLD_BY.items()}
    at["ordered"] = profile.taken_at
    if profile.state == ProfileState.RELEASED:
        at["released"] = profile.since_at
    return [
        EsimStep(kind, "done", at.get(kind))
        if place < done
        else EsimStep(kind, _under_way(stage) if place == done else "next")
        for place, kind in enumerate(WAY)
    ]


def _under_way(stage: Stage) -> Literal["now", "yours"]:
    """What is next: is it on its way by itself, or must the holder do something?"""
    return "now" if stage in ("preparing", "downloading") else "yours"

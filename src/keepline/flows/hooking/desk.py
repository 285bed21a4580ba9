"""What the buttons of an endpoint's page do, for a member of an account and for staff alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from keepline.accounts.pace import is_within
from keepline.flows.change_endpoint import change_endpoint
from keepline.flows.errors import FlowRefused
from keepline.flows.hooking.owners import Owner
from keepline.flows.remove_endpoint import remove_endpoint
from keepline.flows.replay_events import replay_events
from keepline.flows.rotate_secret import rotate_secret
from keepline.flows.try_endpoint import TRIES_A_MINUTE, Tried, try_endpoint

SPANS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
EVER: Final = timedelta(days=3650)
MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """The form: `what` names the button, the rest is as much of it as the button needs."""

    what: str
    name: str = ""
    kinds: Sequence[str] = ()
    span: str = ""
    delivered: bool = False
    delivery_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What is told of it. `replayed`: how many events, None when none were asked for."""

    secret: str = ""
    tried: Tried | None = None
    replayed: int | None = None
    removed: bool = False


def do(owner: Owner, endpoint_id: UUID, asked: Asked, real_now: datetime, now: datetime) -> Done:
    """`real_now` signs and dates; `now` is what the account's clock shows.

    Raises FlowRefused as the flows do, and "try_later" for too many test events.
    """
    match asked.what:
        case "try":
            if not is_within("endpoint-tried", owner.actor, TRIES_A_MINUTE, MINUTE_S):
                raise FlowRefused("try_later")
            return Done(tried=try_endpoint(owner, endpoint_id, real_now))
        case "rotate":
            return Done(secret=rotate_secret(owner, endpoint_id, real_now))
        case "on" | "off":
            change_endpoint(owner, endpoint_id, real_now, on=asked.what == "on")
        case "change":
            change_endpoint(owner, endpoint_id, real_now, name=asked.name, kinds=asked.kinds)
        case "remove":
            remove_endpoint(owner, endpoint_id, real_now)
            return Done(removed=True)
        case "again" | "replay":
            return Done(replayed=_replayed(owner, endpoint_id, asked, now))
        case _:
            raise FlowRefused("not_found")
    return Done()


def _replayed(owner: Owner, endpoint_id: UUID, asked: Asked, now: datetime) -> int:
    if asked.what == "again":
        only = [asked.delivery_id] if asked.delivery_id else []
        return replay_events(
            owner, endpoint_id, now - EVER, now + EVER, now, delivered=True, only=only
        )
    since = now - SPANS.get(asked.span, SPANS["day"])
    until = now + EVER  # what is addressed at this moment as well
    return replay_events(owner, endpoint_id, since, until, now, delivered=asked.delivered)


def asked_of(posted: Mapping[str, str], kinds: Sequence[str]) -> Asked:
    """A posted form as it is; what is no delivery's id names none."""
    try:
        delivery_id = UUID(posted.get("delivery", ""))
    except ValueError:
        delivery_id = None
    return Asked(
        what=posted.get("do", ""),
        name=posted.get("name", ""),
        kinds=kinds,
        span=posted.get("span", ""),
        delivered=posted.get("delivered") == "yes",
        delivery_id=delivery_id,
    )

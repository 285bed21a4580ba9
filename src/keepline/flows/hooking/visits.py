"""A visit to the pages of endpoints, by a member of an account or by staff: what it comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.errors import FlowRefused
from keepline.flows.hooking.desk import Done, asked_of, do
from keepline.flows.hooking.owners import Owner
from keepline.flows.hooking.page import endpoint_page, list_page, said

Posted = Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A page, the list or one endpoint, and what it shows; or, where something is `said`, the page
    to go on to."""

    page: Literal["webhooks", "webhook"]
    shown: Mapping[str, Any]
    refused: FlowRefused | None = None
    said: str = ""


def of_list(owner: Owner, posted: Posted, kinds: Sequence[str], now: datetime) -> Visit:
    """Posted, there is one more endpoint, whose secret this answer alone shows."""
    if posted is None:
        return Visit("webhooks", list_page(owner))
    given: dict[str, Any] = {
        "url": posted.get("url", ""),
        "name": posted.get("name", ""),
        "kinds": kinds,
    }
    try:
        made, secret = add_endpoint(owner, **given, now=now)
    except FlowRefused as refused:
        return Visit("webhooks", list_page(owner, given), refused)
    return Visit("webhook", endpoint_page(owner, made.id, "", now, Done(secret=secret)))


def of_one(
    owner: Owner,
    endpoint_id: UUID,
    before: str,
    posted: Posted,
    kinds: Sequence[str],
    real_now: datetime,
    now: datetime,
) -> Visit:
    """Posted, what its button says is done. `before`, `real_now`, `now`: as page and desk have
    them. Raises FlowRefused("not_found") for an endpoint of somebody else."""
    shown = endpoint_page(owner, endpoint_id, before, real_now)
    if posted is None:
        return Visit("webhook", shown)
    try:
        done = do(owner, endpoint_id, asked_of(posted, kinds), real_now, now)
    except FlowRefused as refused:
        return Visit("webhook", shown, refused)
    if done.secret or done.tried:
        return Visit("webhook", endpoint_page(owner, endpoint_id, "", real_now, done))
    return Visit("webhooks" if done.removed else "webhook", {}, said=said(done))

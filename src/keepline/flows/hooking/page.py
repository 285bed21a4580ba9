"""What the pages of endpoints show beside the rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keepline.core.telling import TOPIC_OF
from keepline.flows.hooking.desk import Done
from keepline.flows.hooking.kinds import KINDS
from keepline.flows.hooking.owners import Owner
from keepline.flows.list_endpoints import list_endpoints
from keepline.flows.show_endpoint import show_endpoint


def event_groups() -> Sequence[tuple[str, Sequence[str]]]:
    """Every event, by what it is about, in the order in which one looks for them."""
    words = {
        "line": _("Lines"),
        "number": _("Numbers"),
        "sim": _("SIMs"),
        "order": _("Orders"),
        "wallet": _("Wallet"),
    }
    groups: dict[str, list[str]] = defaultdict(list)
    for kind in (each for each in TOPIC_OF if each in KINDS):
        groups[kind.partition(".")[0]].append(kind)
    order = [*words, *(about for about in groups if about not in words)]
    return [(words.get(about, about), groups[about]) for about in order if groups[about]]


def spans() -> Sequence[tuple[str, str]]:
    """Spans to send again, by their code."""
    return [
        ("hour", _("of the last hour")),
        ("day", _("of the last day")),
        ("week", _("of the last week")),
    ]


def list_page(owner: Owner, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`given`: the form as it was posted and refused."""
    return {
        "endpoints": list_endpoints(owner.account_id),
        "given": given or {"kinds": []},
        "event_groups": event_groups(),
        "operators": owner.account_id is None,
    }


def endpoint_page(
    owner: Owner, endpoint_id: UUID, before: str, now: datetime, done: Done | None = None
) -> dict[str, Any]:
    """`before`: the place in the list of events as the address has it. `done`: what is told of a
    button. Raises FlowRefused("not_found")."""
    try:
        place = UUID(before)
    except ValueError:
        place = None
    view = show_endpoint(owner, endpoint_id, place)
    return {
        "endpoint": view.endpoint,
        "events": view.events,
        "next_before": view.next_before,
        "spans": spans(),
        "event_groups": event_groups(),
        "secret": done.secret if done else "",
        "tried": done.tried if done else None,
        "now": now,
    }


def said(done: Done) -> str:
    """What is told of a button on the page after."""
    if done.replayed is None:
        return _("It is removed.") if done.removed else _("Saved.")
    if not done.replayed:
        return _("There was nothing to send again.")
    words = ngettext("%d event is sent again.", "%d events are sent again.", done.replayed)
    return words % done.replayed

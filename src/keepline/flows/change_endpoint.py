"""`endpoint.changed`: an endpoint gets another name or other events, or is switched on or off.

T  one transaction: the change and its line in the audit trail. What is under way to an endpoint
   that is switched off is not sent any more; it can be sent again later (`replay_events`).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from keepline.flows.hooking.owners import Owner, checked_kinds, checked_name
from keepline.messages import endpoints

ACTION = "endpoint.changed"


@transaction.atomic
def change_endpoint(
    owner: Owner,
    endpoint_id: UUID,
    now: datetime,
    *,
    name: str | None = None,
    kinds: Collection[str] | None = None,
    on: bool | None = None,
) -> None:
    """Changes what is given; what is as it was writes nothing.

    Raises FlowRefused: not_found, event_unknown, name_refused.
    """
    endpoint = owner.endpoint(endpoint_id)
    changed: dict[str, Any] = {}
    if name is not None and checked_name(name) != endpoint.name:
        changed["name"] = checked_name(name)
    if kinds is not None and frozenset(checked_kinds(kinds)) != endpoint.kinds:
        changed["kinds"] = checked_kinds(kinds)
    if changed:
        endpoints.change(endpoint_id, **changed)
    if on is not None and on != endpoint.is_on:
        changed["on"] = on
        if on:
            endpoints.switch_on(endpoint_id)
        else:
            endpoints.switch_off(endpoint_id, "asked", now)
    if changed:
        owner.record(ACTION, endpoint_id, now, changed=sorted(changed))

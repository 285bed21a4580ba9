"""`endpoint.added`: a program of an account, or of the operator, will be told of events.

T  one transaction: the endpoint with a fresh secret, and its line in the audit trail. Nothing is
   sent; whether the address answers, `try_endpoint` finds out.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from keepline.flows.errors import FlowRefused
from keepline.flows.hooking.owners import MOST, Owner, checked_kinds, checked_name
from keepline.gateways import switchboard
from keepline.gateways.outside.places import PlaceRefused
from keepline.messages import endpoints
from keepline.messages.endpoints import Endpoint

ACTION = "endpoint.added"


@transaction.atomic
def add_endpoint(
    owner: Owner, url: str, name: str, kinds: Collection[str], now: datetime
) -> tuple[Endpoint, str]:
    """The endpoint and its secret, which is told here and never again. `kinds`: empty for all.

    Raises FlowRefused: endpoint_refused, endpoints_full, event_unknown, name_refused.
    """
    name, wanted = checked_name(name), checked_kinds(kinds)
    try:
        address = switchboard.webhooks().address_of(url.strip())
    except PlaceRefused as refused:
        raise FlowRefused("endpoint_refused", fault=refused.code) from refused
    endpoints.lock_owner(owner.account_id)
    if len(endpoints.of_account(owner.account_id)) >= MOST:
        raise FlowRefused("endpoints_full", most=MOST)
    endpoint, secret = endpoints.add(owner.account_id, address, name, wanted, now)
    owner.record(ACTION, endpoint.id, now)
    return endpoint, secret

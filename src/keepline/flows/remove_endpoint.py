"""`endpoint.removed`: an endpoint is told of nothing any more, and its secrets are erased.

T  one transaction: the endpoint goes, its line in the audit trail comes.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keepline.flows.hooking.owners import Owner
from keepline.messages import endpoints

ACTION = "endpoint.removed"


@transaction.atomic
def remove_endpoint(owner: Owner, endpoint_id: UUID, now: datetime) -> None:
    """Raises FlowRefused("not_found")."""
    owner.endpoint(endpoint_id)
    endpoints.remove(endpoint_id)
    owner.record(ACTION, endpoint_id, now)

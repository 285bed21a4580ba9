"""`endpoint.secret_rotated`: an endpoint gets a new secret; for a day the old one signs as well.

T  one transaction: the secrets and the line in the audit trail.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keepline.flows.hooking.owners import Owner
from keepline.messages import endpoints

ACTION = "endpoint.secret_rotated"


@transaction.atomic
def rotate_secret(owner: Owner, endpoint_id: UUID, now: datetime) -> str:
    """The new secret, which is told here and never again. `now`: real time.

    Raises FlowRefused("not_found").
    """
    owner.endpoint(endpoint_id)
    secret = endpoints.rotate(endpoint_id, now)
    owner.record(ACTION, endpoint_id, now)
    return secret

"""Lists the endpoints of an account, or of the operator."""

from collections.abc import Sequence
from uuid import UUID

from keepline.messages import endpoints
from keepline.messages.endpoints import Endpoint


def list_endpoints(account_id: UUID | None) -> Sequence[Endpoint]:
    """The oldest first; `account_id` None: the operator's. One query."""
    return endpoints.of_account(account_id)

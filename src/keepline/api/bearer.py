"""Who calls: a bearer token (RFC 6750), looked up in one query."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from keepline.accounts.addresses import address_of
from keepline.accounts.queries import TokenHolder, account_for_token, may_manage, may_spend
from keepline.api.problems import Refused
from keepline.core.ids import is_ours, slot_of
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import Caller

LONGEST_TOKEN = 128


class BearerToken(HttpBearer):
    """`request.auth` is a TokenHolder afterwards."""

    openapi_description = "A token from POST /v1/tokens, or made in the portal under Account."

    def authenticate(self, _request: HttpRequest, token: str) -> TokenHolder | None:
        if not token or len(token) > LONGEST_TOKEN:
            return None
        return account_for_token(token, timezone.now())


def holder_of(request: HttpRequest) -> TokenHolder:
    """The holder that `BearerToken` found."""
    holder: TokenHolder = request.auth  # type: ignore[attr-defined]
    return holder


def now_of(request: HttpRequest) -> datetime:
    """What time it is for the account: its test clock's, or the real one's."""
    return holder_of(request).clock_at or timezone.now()


def spender_of(request: HttpRequest) -> TokenHolder:
    """The holder, when their role may spend the account's money."""
    holder = holder_of(request)
    if not may_spend(holder.role):
        raise Refused("role_refused", role=holder.role)
    return holder


def manager_of(request: HttpRequest) -> TokenHolder:
    """The holder, when their role may give lines up."""
    holder = holder_of(request)
    if not may_manage(holder.role):
        raise Refused("role_refused", role=holder.role)
    return holder


def actor_of(holder: TokenHolder) -> str:
    """Keys are counted per user: a retry with a fresh token is still the same intent."""
    return f"user:{holder.user_id}"


def caller_of(request: HttpRequest) -> Caller:
    """For the limits against fraud: a token stands for the program that bears it."""
    return Caller(address_of(request), f"token:{holder_of(request).token_id}")


def own(row_id: UUID, holder: TokenHolder) -> UUID:
    """`row_id`, when a row of this account could have it. Any other id names nothing here."""
    if not is_ours(row_id) or slot_of(row_id) != holder.slot:
        raise FlowRefused("not_found")
    return row_id

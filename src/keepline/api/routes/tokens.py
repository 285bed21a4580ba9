"""POST /v1/tokens signs in, DELETE /v1/tokens/current signs out."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from keepline.accounts import queries as accounts
from keepline.api.answers import answer
from keepline.api.bearer import holder_of
from keepline.api.problems import Refused
from keepline.api.shapes.accounts import Token
from keepline.api.shapes.requests import SignIn
from keepline.api.signin import sign_in
from keepline.flows.issue_token import issue_token
from keepline.flows.revoke_token import revoke_token

TOKENS_AT_MOST = 20
router = Router(tags=["tokens"])


@router.post(
    "/tokens",
    auth=None,
    response={201: Token},
    operation_id="create_token",
    summary="Sign in",
    openapi_extra={
        "x-problems": [
            "sign_in_refused",
            "second_factor_needed",
            "second_factor_refused",
            "passkey_only",
            "tokens_full",
            "rate_limited",
        ]
    },
)
def create_token(request: HttpRequest, body: SignIn) -> HttpResponse:
    """Gives a token for e-mail or mobile number and password, and the second factor if there is
    one. The token is shown once."""
    user, now = sign_in(request, body), timezone.now()
    membered = accounts.membership_of(user.pk)
    if membered is None:  # staff: nothing here is theirs
        raise Refused("sign_in_refused")
    if accounts.live_tokens(user, membered.account_id, now).count() >= TOKENS_AT_MOST:
        raise Refused("tokens_full", most=TOKENS_AT_MOST)
    issued = issue_token(user, membered.account_id, body.name, now, body.valid_days)
    return answer(
        Token(
            id=issued.token.pk,
            token=issued.secret,
            token_type="Bearer",  # noqa: S106  (a word of RFC 6750)
            name=issued.token.name,
            account_id=issued.token.account_id,
            expires_at=issued.token.expires_at,
        ),
        status=201,
    )


@router.delete(
    "/tokens/current", response={204: None}, operation_id="delete_token", summary="Sign out"
)
def delete_token(request: HttpRequest) -> HttpResponse:
    """Revokes the token that the request carries."""
    holder = holder_of(request)
    user = accounts.user(holder.user_id)
    revoke_token(user, holder.account_id, holder.token_id, timezone.now())
    return HttpResponse(status=204)

"""GET /v1/identity and POST /v1/identity/checks."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from keepline.api.answers import answer
from keepline.api.bearer import actor_of, manager_of
from keepline.api.language import language_of
from keepline.api.shapes.identity import Identity, IdentityCheck, NewIdentityCheck
from keepline.flows import check_identity
from keepline.flows.show_identity import show_identity

router = Router(tags=["identity"])


@router.get(
    "/identity",
    response=Identity,
    operation_id="get_identity",
    summary="How the identity check stands",
    openapi_extra={"x-problems": ["role_refused"]},
)
def get_identity(request: HttpRequest) -> HttpResponse:
    """Whether the account's holder has shown who they are, for members who manage the account. Some
    lines are sold only then: a purchase of one says `identity_needed`."""
    return answer(Identity.of(show_identity(manager_of(request).account_id, timezone.now())))


@router.post(
    "/identity/checks",
    response=IdentityCheck,
    operation_id="begin_identity_check",
    summary="Begin an identity check",
    openapi_extra={
        "x-problems": [
            "role_refused",
            "return_url_refused",
            "no_identity_check",
            "identity_verified",
            "identity_tries",
            "identity_silent",
        ]
    },
)
def begin_check(request: HttpRequest, body: NewIdentityCheck | None = None) -> HttpResponse:
    """Begins a check, or goes on with the one that is pending, and asks the provider how it stands.
    Lead the holder to `page_url`; in the end they come to `return_url`, else to the portal's page.
    Safe to repeat."""
    # What the provider does takes as long as it takes, whatever the account's test clock shows.
    holder, now = manager_of(request), timezone.now()
    check = check_identity.start(
        holder.account_id,
        actor_of(holder),
        language_of(request),
        now,
        return_url=body.return_url if body else None,
    )
    return answer(IdentityCheck.begun(check, show_identity(holder.account_id, now)))

"""GET /v1/account."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.api.answers import answer
from keepline.api.bearer import holder_of
from keepline.api.shapes.accounts import Account
from keepline.flows.show_account import show_account

router = Router(tags=["account"])


@router.get("/account", response=Account, operation_id="get_account", summary="The account")
def get_account(request: HttpRequest) -> HttpResponse:
    """The account that the token acts for, and who is speaking."""
    holder = holder_of(request)
    return answer(Account.of(show_account(holder.account_id, holder.user_id), holder.role))

"""GET /v1/wallets, its statement, and POST /v1/wallets/{currency}/top-ups."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router

from keepline.api.answers import answer
from keepline.api.bearer import actor_of, caller_of, holder_of, now_of, spender_of
from keepline.api.cursors import Cursor, link, seal, unseal
from keepline.api.keys import key_of
from keepline.api.operations import started_answer
from keepline.api.problems import Refused
from keepline.api.shapes.orders import Order
from keepline.api.shapes.requests import TopUp
from keepline.api.shapes.wallets import Movement, Statement, Wallet, Wallets
from keepline.flows import top_up_wallet
from keepline.flows.list_wallets import list_wallets
from keepline.flows.show_wallet import Cursor as Place
from keepline.flows.show_wallet import show_wallet

router = Router(tags=["wallets"])
InPath = Annotated[str, Path(description="ISO 4217.", examples={"euro": {"value": "EUR"}})]


@router.get("/wallets", response=Wallets, operation_id="list_wallets", summary="Wallets")
def get_wallets(request: HttpRequest) -> HttpResponse:
    """What the account's wallets hold."""
    balances = list_wallets(holder_of(request).account_id)
    return answer(Wallets(items=[Wallet.of(balance) for balance in balances]))


@router.get(
    "/wallets/{currency}/statement",
    response=Statement,
    operation_id="get_statement",
    summary="What moved in a wallet",
    openapi_extra={"x-problems": ["cursor_refused", "not_found"]},
)
def get_statement(request: HttpRequest, currency: InPath, cursor: Cursor = None) -> HttpResponse:
    """Movements, newest first, 25 a page, each with the balance after it."""
    account_id, listed = holder_of(request).account_id, f"statement:{currency}"
    place = _place(unseal(cursor, listed, account_id))
    view = show_wallet(account_id, now_of(request), currency, place)
    following = seal(_written(view.next_cursor), listed, account_id)
    shape = Statement(
        wallet=Wallet.of(view.balance),
        items=[Movement.of(entry, currency) for entry in view.entries],
        next_cursor=following,
    )
    return answer(shape, headers=link(request, following))


@router.post(
    "/wallets/{currency}/top-ups",
    response={202: Order},
    operation_id="create_top_up",
    summary="Top up a wallet",
    openapi_extra={
        "x-idempotent": True,
        "x-problems": [
            "not_found",
            "role_refused",
            "amount_refused",
            "provider_unknown",
            "payments_paused",
            "amount_too_large",
            "provider_refused",
            "busy",
        ],
    },
)
def create_top_up(request: HttpRequest, currency: InPath, body: TopUp) -> HttpResponse:
    """Money into the wallet, once for the key. The holder pays at `checkout_url`."""
    holder = spender_of(request)
    if body.amount.currency != currency:
        raise Refused("validation_failed", errors=[_OTHER_CURRENCY])
    started = top_up_wallet.start(
        top_up_wallet.TopUpRequest(
            account_id=holder.account_id,
            amount_minor=body.amount.amount_minor,
            currency=currency,
            provider=body.provider,
            key=key_of(request),
            actor=actor_of(holder),
            channel="api",
            caller=caller_of(request),
        ),
        now_of(request),
    )
    return started_answer(request, started, None)


_OTHER_CURRENCY = {
    "pointer": "/amount/currency",
    "code": "other_currency",
    "detail": "not the currency of the wallet in the address",
}


def _written(place: Place | None) -> list[str] | None:
    return [place[0].isoformat(), str(place[1])] if place else None


def _place(place: list[str] | None) -> Place | None:
    return (datetime.fromisoformat(place[0]), UUID(place[1])) if place else None

"""GET /v1/payment-methods, DELETE /v1/payment-methods/{id}."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.api.answers import answer
from keepline.api.bearer import actor_of, holder_of, now_of, own, spender_of
from keepline.api.shapes.methods import PaymentMethod, PaymentMethods
from keepline.flows.forget_method import forget
from keepline.flows.list_methods import list_methods

router = Router(tags=["wallets"])


@router.get(
    "/payment-methods",
    response=PaymentMethods,
    operation_id="list_payment_methods",
    summary="Saved ways to pay",
)
def get_payment_methods(request: HttpRequest) -> HttpResponse:
    """What providers keep for the account. One is saved in the portal, on the provider's page."""
    view = list_methods(holder_of(request).account_id, now_of(request))
    return answer(PaymentMethods(items=[PaymentMethod.of(card) for card in view.cards]))


@router.delete(
    "/payment-methods/{uuid:method_id}",
    response={204: None},
    operation_id="forget_payment_method",
    summary="Remove a saved way to pay",
    openapi_extra={"x-problems": ["not_found", "role_refused"]},
)
def delete_payment_method(request: HttpRequest, method_id: UUID) -> HttpResponse:
    """Nothing charges it from now on, and its provider forgets it. Safe to repeat."""
    holder = spender_of(request)
    forget(own(method_id, holder), holder.account_id, actor_of(holder), now_of(request))
    return HttpResponse(status=204)

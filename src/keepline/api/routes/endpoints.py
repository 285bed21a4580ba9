"""/v1/webhook-endpoints: where events are sent, and what came of them."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from keepline.accounts.pace import is_within
from keepline.accounts.queries import TokenHolder
from keepline.api.answers import answer, page
from keepline.api.bearer import actor_of, manager_of, own
from keepline.api.cursors import Cursor, seal, unseal_id
from keepline.api.shapes.endpoints import (
    Endpoint,
    EndpointChange,
    Endpoints,
    FreshEndpoint,
    NewEndpoint,
    Replayed,
    Span,
    TriedEvent,
    WebhookDeliveriesPage,
    WebhookDelivery,
)
from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.change_endpoint import change_endpoint
from keepline.flows.errors import FlowRefused
from keepline.flows.hooking.owners import Owner
from keepline.flows.list_endpoints import list_endpoints
from keepline.flows.remove_endpoint import remove_endpoint
from keepline.flows.replay_events import replay_events
from keepline.flows.rotate_secret import rotate_secret
from keepline.flows.show_endpoint import show_endpoint
from keepline.flows.try_endpoint import TRIES_A_MINUTE, try_endpoint

PATH = "/webhook-endpoints"
ONE = PATH + "/{uuid:endpoint_id}"
MINUTE_S = 60
router = Router(tags=["webhooks"])


def _owner(holder: TokenHolder) -> Owner:
    return Owner(holder.account_id, actor_of(holder))


@router.get(
    PATH,
    response=Endpoints,
    operation_id="list_webhook_endpoints",
    summary="Endpoints",
    openapi_extra={"x-problems": ["role_refused"]},
)
def get_endpoints(request: HttpRequest) -> HttpResponse:
    """All of the account. Their secrets are told to nobody."""
    now = timezone.now()
    rows = list_endpoints(manager_of(request).account_id)
    return answer(Endpoints(items=[Endpoint.of(row, now) for row in rows]))


@router.post(
    PATH,
    response={201: FreshEndpoint},
    operation_id="create_webhook_endpoint",
    summary="Add an endpoint",
    openapi_extra={
        "x-problems": [
            "role_refused",
            "endpoint_refused",
            "endpoints_full",
            "event_unknown",
            "name_refused",
        ]
    },
)
def post_endpoint(request: HttpRequest, body: NewEndpoint) -> HttpResponse:
    """It is told of events from now on. Its secret is in this answer alone."""
    owner, now = _owner(manager_of(request)), timezone.now()
    row, secret = add_endpoint(owner, body.url, body.name, body.events, now)
    return answer(FreshEndpoint.with_secret(row, secret, now), status=201)


@router.get(
    ONE,
    response=Endpoint,
    operation_id="get_webhook_endpoint",
    summary="One endpoint",
    openapi_extra={"x-problems": ["role_refused", "not_found"]},
)
def get_endpoint(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """Whether it is on, and how it does."""
    holder = manager_of(request)
    return answer(Endpoint.of(_owner(holder).endpoint(own(endpoint_id, holder)), timezone.now()))


@router.patch(
    ONE,
    response=Endpoint,
    operation_id="change_webhook_endpoint",
    summary="Change, switch on or off",
    openapi_extra={"x-problems": ["role_refused", "not_found", "event_unknown", "name_refused"]},
)
def patch_endpoint(request: HttpRequest, endpoint_id: UUID, body: EndpointChange) -> HttpResponse:
    """What happens while it is off can be sent later (`replay_webhook_events`)."""
    holder, now = manager_of(request), timezone.now()
    owner = _owner(holder)
    change_endpoint(
        owner, own(endpoint_id, holder), now, name=body.name, kinds=body.events, on=body.on
    )
    return answer(Endpoint.of(owner.endpoint(endpoint_id), now))


@router.delete(
    ONE,
    response={204: None},
    operation_id="delete_webhook_endpoint",
    summary="Remove an endpoint",
    openapi_extra={"x-problems": ["role_refused", "not_found"]},
)
def delete_endpoint(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """It is told of nothing any more, and its secrets are erased."""
    holder = manager_of(request)
    remove_endpoint(_owner(holder), own(endpoint_id, holder), timezone.now())
    return HttpResponse(status=204)


@router.post(
    ONE + "/secret",
    response=FreshEndpoint,
    operation_id="rotate_webhook_secret",
    summary="Make a new secret",
    openapi_extra={"x-problems": ["role_refused", "not_found"]},
)
def post_secret(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """For 24 hours each event bears two signatures, by the new secret and by the old."""
    holder, now = manager_of(request), timezone.now()
    owner = _owner(holder)
    secret = rotate_secret(owner, own(endpoint_id, holder), now)
    return answer(FreshEndpoint.with_secret(owner.endpoint(endpoint_id), secret, now))


@router.post(
    ONE + "/test",
    response=TriedEvent,
    operation_id="try_webhook_endpoint",
    summary="Send a test event",
    openapi_extra={"x-problems": ["role_refused", "not_found", "try_later"]},
)
def post_test(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """One `endpoint.tried`, signed as all are, and what was answered within six seconds."""
    holder = manager_of(request)
    if not is_within("endpoint-tried", actor_of(holder), TRIES_A_MINUTE, MINUTE_S):
        raise FlowRefused("try_later")
    tried = try_endpoint(_owner(holder), own(endpoint_id, holder), timezone.now())
    shape = TriedEvent(event_id=tried.event_id, delivered=tried.delivered, answer=tried.answer)
    return answer(shape)


@router.get(
    ONE + "/deliveries",
    response=WebhookDeliveriesPage,
    operation_id="list_webhook_deliveries",
    summary="Events and their results",
    openapi_extra={"x-problems": ["role_refused", "not_found", "cursor_refused"]},
)
def get_deliveries(request: HttpRequest, endpoint_id: UUID, cursor: Cursor = None) -> HttpResponse:
    """What was sent or is on its way, newest first, 50 a page."""
    holder = manager_of(request)
    listed = f"deliveries:{own(endpoint_id, holder)}"
    before = unseal_id(cursor, listed, holder.account_id)
    view = show_endpoint(_owner(holder), endpoint_id, before)
    following = seal(view.next_before, listed, holder.account_id)
    items = [WebhookDelivery.of(each) for each in view.events]
    return page(request, WebhookDeliveriesPage, items, following)


@router.post(
    ONE + "/replays",
    response=Replayed,
    operation_id="replay_webhook_events",
    summary="Send events again",
    openapi_extra={"x-problems": ["role_refused", "not_found", "endpoint_off", "span_refused"]},
)
def post_replay(request: HttpRequest, endpoint_id: UUID, body: Span) -> HttpResponse:
    """Events of a span that came to an end undelivered are sent once more, with the ids that they
    had, the oldest 1,000 of them; asked again, the next."""
    holder = manager_of(request)
    events = replay_events(
        _owner(holder),
        own(endpoint_id, holder),
        body.since,
        body.until,
        timezone.now(),
        delivered=body.delivered,
    )
    return answer(Replayed(events=events))

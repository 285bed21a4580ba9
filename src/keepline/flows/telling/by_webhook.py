"""By webhook: every event as a CloudEvent, to the programs of an account and of the operator."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog

from keepline.audit import services as audit
from keepline.core import cloud_events
from keepline.core.retries import WEBHOOK_PAUSES
from keepline.flows.hooking.kinds import KINDS
from keepline.flows.telling.way import Addressee, Letter, Told
from keepline.gateways import switchboard
from keepline.gateways.messaging.compartments import CompartmentFull, Compartments
from keepline.gateways.messaging.port import (
    ChannelBusy,
    ChannelRefused,
    ChannelUnavailable,
    SendResult,
    Sent,
)
from keepline.gateways.messaging.webhooks import WebhookMessage
from keepline.messages import endpoints
from keepline.messages import services as outbox
from keepline.messages.endpoints import Endpoint

SWITCHED_OFF: Final = "endpoint.switched_off"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event for one endpoint."""

    endpoint: Endpoint
    message: WebhookMessage


class ByWebhook:
    """See Way."""

    channel = "webhook"
    to_people = False
    rings = False
    tells_later = False
    encloses = False
    share = 1
    threads = 32
    pauses = WEBHOOK_PAUSES

    def __init__(self) -> None:
        self._compartments = Compartments()

    def is_connected(self) -> bool:
        """See Way."""
        return switchboard.has("webhooks")

    def addressees(self, account_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Addressee]]:
        """See Way. One query."""
        found: dict[UUID, list[Addressee]] = {account_id: [] for account_id in account_ids}
        for endpoint in endpoints.told_of(account_ids):
            addressee = Addressee(
                recipient=endpoint.recipient,
                to=endpoint,
                language="en",
                time_zone="UTC",
                kinds=endpoint.kinds or KINDS,
            )
            told = found if endpoint.account_id is None else (endpoint.account_id,)
            for account_id in told:
                found[account_id].append(addressee)
        return found

    def write(self, letter: Letter) -> Outgoing:
        """See Way."""
        (told,) = letter.told  # events for programs are not gathered
        event = told.event
        body = cloud_events.envelope(
            event.id,
            event.kind,
            switchboard.public_url(),
            event.line_id or event.order_id,
            event.occurred_at,
            data_of(told),
        )
        endpoint: Endpoint = letter.addressee.to
        message = WebhookMessage(str(event.id), endpoint.url, body, endpoint.secrets)
        return Outgoing(endpoint, message)

    def send_all(self, messages: Sequence[Outgoing]) -> Sequence[Sent]:
        """See Way."""
        return [self._send(message) for message in messages]

    def _send(self, outgoing: Outgoing) -> Sent:
        try:
            with self._compartments.entered(outgoing.endpoint.id, (ChannelUnavailable,)):
                return switchboard.webhooks().send(outgoing.message)
        except CompartmentFull as full:
            return ChannelBusy("waits for the endpoint", full.rest_s)
        except (ChannelRefused, ChannelUnavailable) as error:
            return error

    def note(self, sent: Sequence[tuple[Outgoing, Sent]], now: datetime) -> None:
        """See TakesNote: how endpoints do, and which of them are told of nothing more."""
        for message, result in sent:
            endpoint = message.endpoint
            if isinstance(result, SendResult):
                if endpoint.failing_since is not None:
                    endpoints.note_success(endpoint.id)
            elif isinstance(result, ChannelRefused):
                _switch_off(endpoint, "gone", now)
            elif not isinstance(result, ChannelBusy):
                endpoints.note_failure(endpoint.id, now)
                if endpoints.has_failed_for_long(endpoint, now):
                    _switch_off(endpoint, "failing", now)


def _switch_off(endpoint: Endpoint, reason: str, now: datetime) -> None:
    """Once, and not without telling: an account's people by letter, the operator's by the log."""
    if not endpoints.switch_off(endpoint.id, reason, now):
        return
    audit.record(
        SWITCHED_OFF,
        actor="worker",
        now=now,
        account_id=endpoint.account_id,
        subject_id=endpoint.id,
        reason=reason,
    )
    if endpoint.account_id is None:
        log.error("endpoint_switched_off", endpoint=str(endpoint.id), reason=reason)
    else:
        outbox.put_notice(SWITCHED_OFF, endpoint.account_id, now)


def data_of(told: Told) -> dict[str, Any]:
    """What an event is about: ids, states and minor units as they are at the moment of sending.

    No name, no number, no address of anybody: who may know those asks the API for them.
    """
    event, news = told.event, told.news
    data: dict[str, Any] = {"account_id": event.account_id}
    if event.line_id is not None:
        data["line_id"] = event.line_id
    if news.line is not None:
        data["line"] = {
            "state": str(news.line.state),
            "valid_until": _instant(news.line.valid_until),
            "withdrawn_at": _instant(news.line.withdrawn_at),
            "auto_renew": news.line.auto_renew,
        }
    if news.order is not None:
        order = news.order
        data["order_id"] = order.id
        data["order"] = {
            "kind": order.kind,
            "state": str(order.state),
            "total_minor": order.total_minor,
            "currency": order.currency,
            "valid_until_before": _instant(order.valid_until_before),
            "valid_until_after": _instant(order.valid_until_after),
        }
    if news.refund is not None:
        data["refund"] = {
            "id": news.refund.id,
            "state": str(news.refund.state),
            "amount_minor": news.refund.amount_minor,
            "currency": news.refund.currency,
        }
    return data


def _instant(at: datetime | None) -> str | None:
    return cloud_events.instant(at) if at else None

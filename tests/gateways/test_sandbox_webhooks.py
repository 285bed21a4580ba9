"""Webhooks of the sandbox: once on a good day, at least once on a bad one, and as ordered."""

import json
from uuid import UUID

from keepline.gateways.payments.sandbox.provider.deliveries import PAUSES_S
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.inbox import Inbox
from tests.gateways.sandbox_process import SandboxProcess


def kinds(inbox: Inbox) -> list[str]:
    """The kinds that arrived, in order."""
    return [json.loads(body)["type"] for _, body in inbox.webhooks]


def event_ids(inbox: Inbox) -> set[str]:
    """The distinct ids that arrived."""
    lowered = [{name.lower(): value for name, value in head.items()} for head, _ in inbox.webhooks]
    return {head["webhook-id"] for head in lowered}


def captured(sandbox: SandboxProcess, webhook: str) -> tuple[UUID, str]:
    """A payment with that webhook behaviour, paid."""
    request = a_request()
    opened = sandbox.adapter().open_payment(request)
    sandbox.behave(opened.provider_payment_id, webhook=webhook)
    sandbox.simulate(request.payment_id, "captured")
    return request.payment_id, opened.provider_payment_id


def settled(sandbox: SandboxProcess, reference: object) -> None:
    """Waits until the provider has marked every webhook of the payment as delivered."""
    Inbox().wait_for(
        lambda _: all(row["state"] == "delivered" for row in sandbox.deliveries(reference))
    )


def test_good_day_sends_once(sandbox: SandboxProcess, inbox: Inbox) -> None:
    payment_id, _ = captured(sandbox, "normal")
    inbox.wait_for(lambda inbox: bool(inbox.webhooks))
    settled(sandbox, payment_id)
    assert kinds(inbox) == ["payment.captured"]


def test_duplicates_share_their_id(sandbox: SandboxProcess, inbox: Inbox) -> None:
    payment_id, _ = captured(sandbox, "duplicate:5")
    inbox.wait_for(lambda inbox: len(inbox.webhooks) == 5)
    settled(sandbox, payment_id)
    assert len(inbox.webhooks) == 5
    assert len(event_ids(inbox)) == 1


def test_lost_webhook_comes_only_when_ordered(sandbox: SandboxProcess, inbox: Inbox) -> None:
    payment_id, _ = captured(sandbox, "lost")
    assert [row["state"] for row in sandbox.deliveries(payment_id)] == ["lost"]
    sandbox.call("POST", "/control/deliver_now", json={"include_lost": True}).raise_for_status()
    inbox.wait_for(lambda inbox: kinds(inbox) == ["payment.captured"])


def test_delayed_webhook_waits(sandbox: SandboxProcess, inbox: Inbox) -> None:
    payment_id, _ = captured(sandbox, "delay:3600")
    assert [row["state"] for row in sandbox.deliveries(payment_id)] == ["waiting"]
    assert inbox.webhooks == []
    sandbox.call("POST", "/control/deliver_now").raise_for_status()
    inbox.wait_for(lambda inbox: kinds(inbox) == ["payment.captured"])


def test_out_of_order_is_overtaken(sandbox: SandboxProcess, inbox: Inbox) -> None:
    payment_id, provider_payment_id = captured(sandbox, "out_of_order")
    sandbox.behave(provider_payment_id, webhook="normal")
    sandbox.adapter().refund(a_refund(a_request(), provider_payment_id, 100))
    settled(sandbox, payment_id)
    assert kinds(inbox) == ["refund.succeeded", "payment.captured"]


def test_refused_webhook_is_tried_again(sandbox: SandboxProcess, inbox: Inbox) -> None:
    inbox.statuses.extend([500, 302])
    payment_id, _ = captured(sandbox, "normal")
    settled(sandbox, payment_id)
    assert len(inbox.webhooks) == 3
    assert len(event_ids(inbox)) == 1
    assert [row["attempts"] for row in sandbox.deliveries(payment_id)] == [3]


def test_gone_ends_the_tries(sandbox: SandboxProcess, inbox: Inbox) -> None:
    inbox.statuses.append(410)
    payment_id, _ = captured(sandbox, "normal")
    inbox.wait_for(lambda _: sandbox.deliveries(payment_id)[0]["state"] == "given_up")
    assert len(inbox.webhooks) == 1


def test_pauses_grow() -> None:
    assert list(PAUSES_S) == sorted(PAUSES_S)
    assert sum(PAUSES_S) > 2 * 24 * 3600

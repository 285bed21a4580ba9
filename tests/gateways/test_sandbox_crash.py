"""The provider killed at every boundary it names, and in between: nothing lost, nothing twice."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from keepline.gateways.payments.port import (
    ChargeRequest,
    PaymentRequest,
    ProviderUnknown,
    RefundRequest,
    StoredMethod,
    StoringRequest,
)
from keepline.gateways.payments.sandbox.provider.crash import CRASH_POINTS, crash_point
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.contract_stored import a_charge, a_storing
from tests.gateways.inbox import Inbox, open_inbox
from tests.gateways.sandbox_process import SandboxProcess, free_port


@pytest.fixture
def own_inbox() -> Iterator[Inbox]:
    with open_inbox() as inbox:
        yield inbox


@pytest.fixture
def mortal(tmp_path: Path, own_inbox: Inbox) -> Iterator[SandboxProcess]:
    """A provider that the test starts and kills itself."""
    process = SandboxProcess(tmp_path, f"{own_inbox.url}/hook", free_port())
    yield process
    process.close()


@dataclass
class Story:
    """What a seller does, with ids that stay the same."""

    request: PaymentRequest
    refund: RefundRequest
    storing: StoringRequest
    charge: ChargeRequest

    @classmethod
    def fresh(cls) -> "Story":
        request, nothing = a_request(), StoredMethod("", "", "", "", None)
        return cls(request, a_refund(request, "", 500), a_storing(), a_charge(nothing))

    def go_through(self, sandbox: SandboxProcess) -> None:
        """Opens, pays, refunds, keeps, charges and is disputed, from the start each time."""
        adapter, payment_id = sandbox.adapter(), self.request.payment_id
        opened = adapter.open_payment(self.request)
        if adapter.ask(payment_id, None).status == "pending":
            sandbox.simulate(payment_id, "captured")
        adapter.refund(replace(self.refund, provider_payment_id=opened.provider_payment_id))
        if adapter.open_storing(self.storing).status == "pending":
            path = f"/v1/storings/{self.storing.storing_id}/simulate"
            sandbox.call("POST", path, json={"outcome": "stored"}).raise_for_status()
        method = adapter.ask_storing(self.storing.storing_id, None).method
        assert method is not None
        adapter.charge_stored(replace(self.charge, method=method))
        if not adapter.ask(payment_id, None).disputes:
            sandbox.call("POST", f"/control/payments/{payment_id}/dispute").raise_for_status()


def told(inbox: Inbox) -> Counter[tuple[str, str]]:
    """How often each (kind, event id) arrived."""
    count: Counter[tuple[str, str]] = Counter()
    for headers, body in inbox.webhooks:
        lowered = {name.lower(): value for name, value in headers.items()}
        count[json.loads(body)["type"], lowered["webhook-id"]] += 1
    return count


@pytest.mark.parametrize("name", CRASH_POINTS)
def test_killed_at(name: str, mortal: SandboxProcess, own_inbox: Inbox) -> None:
    story = Story.fresh()
    mortal.start(KEEPLINE_CRASH_AT=name)
    with suppress(ProviderUnknown, httpx.HTTPError):
        story.go_through(mortal)
    assert mortal.dies_within(15) == -signal.SIGKILL

    mortal.start()
    story.go_through(mortal)
    payments = (story.request.payment_id, story.charge.payment_id)
    status, charged = (mortal.adapter().ask(payment_id, None) for payment_id in payments)
    assert (status.status, status.captured_minor, status.refunded_minor) == ("captured", 1999, 500)
    assert (charged.status, charged.captured_minor) == ("captured", 1999)
    assert [one.amount_minor for one in status.disputes.values()] == [1499]
    own_inbox.wait_for(
        lambda _: all(
            row["state"] == "delivered"
            for payment_id in payments
            for row in mortal.deliveries(payment_id)
        )
    )
    assert sorted(kind for kind, _ in told(own_inbox)) == [
        "dispute.opened",
        "payment.captured",
        "payment.captured",
        "refund.succeeded",
    ]


def test_kill_keeps_all(mortal: SandboxProcess, own_inbox: Inbox) -> None:
    mortal.start()
    requests = [a_request(1000 + n) for n in range(5)]
    for request in requests:
        mortal.adapter().open_payment(request)
    mortal.simulate(requests[0].payment_id, "captured")
    mortal.simulate(requests[1].payment_id, "declined")
    mortal.behave(requests[2].payment_id, webhook="delay:3600")
    mortal.simulate(requests[2].payment_id, "captured")
    mortal.behave(decline_next=3)
    before = [mortal.adapter().ask(request.payment_id, None) for request in requests]

    assert mortal.end(signal.SIGKILL) == -signal.SIGKILL
    mortal.start()

    after = [mortal.adapter().ask(request.payment_id, None) for request in requests]
    assert after == before
    assert mortal.call("GET", "/control/behaviour").json() == {"decline_next": 3}
    mortal.call("POST", "/control/deliver_now").raise_for_status()
    own_inbox.wait_for(
        lambda inbox: (
            Counter(kind for kind, _ in told(inbox))
            == {"payment.captured": 2, "payment.declined": 1}
        )
    )


def test_webhook_survives_an_absent_seller(mortal: SandboxProcess, tmp_path: Path) -> None:
    port = free_port()
    mortal.webhook_url = f"http://127.0.0.1:{port}/hook"
    mortal.start()
    request = a_request()
    mortal.adapter().open_payment(request)
    mortal.simulate(request.payment_id, "captured")
    Inbox().wait_for(lambda _: mortal.deliveries(request.payment_id)[0]["attempts"] > 0)
    mortal.end(signal.SIGKILL)
    with open_inbox() as late:
        mortal.webhook_url = f"{late.url}/hook"
        mortal.start()
        late.wait_for(lambda inbox: [kind for kind, _ in told(inbox)] == ["payment.captured"])


def test_unlisted_boundary_is_a_defect() -> None:
    with pytest.raises(KeyError):
        crash_point("provider.nowhere")

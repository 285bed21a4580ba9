"""The provider killed at every boundary it names, and in between: nothing lost, nothing twice."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from keepline.gateways.payments.port import PaymentRequest, ProviderUnknown, RefundRequest
from keepline.gateways.payments.sandbox.provider.crash import CRASH_POINTS, crash_point
from tests.gateways.contract_payments import a_refund, a_request
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
    if process.process is not None:
        process.end(signal.SIGKILL)


def go_through(sandbox: SandboxProcess, request: PaymentRequest, refund: RefundRequest) -> None:
    """Opens, pays and refunds, as a seller repeats it: same ids, from the start."""
    adapter = sandbox.adapter()
    opened = adapter.open_payment(request)
    if adapter.ask(request.payment_id, None).status == "pending":
        sandbox.simulate(request.payment_id, "captured")
    adapter.refund(replace(refund, provider_payment_id=opened.provider_payment_id))


def told(inbox: Inbox) -> Counter[tuple[str, str]]:
    """How often each (kind, event id) arrived."""
    count: Counter[tuple[str, str]] = Counter()
    for headers, body in inbox.webhooks:
        lowered = {name.lower(): value for name, value in headers.items()}
        count[json.loads(body)["type"], lowered["webhook-id"]] += 1
    return count


@pytest.mark.parametrize("name", CRASH_POINTS)
def test_killed_at(name: str, mortal: SandboxProcess, own_inbox: Inbox) -> None:
    request = a_request()
    refund = a_refund(request, "", 500)
    mortal.start(crash_at=name)
    with suppress(ProviderUnknown, httpx.HTTPError):
        go_through(mortal, request, refund)
    assert mortal.dies_within(15) == -signal.SIGKILL

    mortal.start()
    go_through(mortal, request, refund)
    status = mortal.adapter().ask(request.payment_id, None)
    assert (status.status, status.captured_minor, status.refunded_minor) == ("captured", 1999, 500)
    own_inbox.wait_for(
        lambda _: all(row["state"] == "delivered" for row in mortal.deliveries(request.payment_id))
    )
    assert sorted(kind for kind, _ in told(own_inbox)) == ["payment.captured", "refund.succeeded"]


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

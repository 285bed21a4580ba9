"""The sandbox provider, as a real process, keeps the payment contract."""

import json
from uuid import UUID

import pytest

from keepline.gateways.payments.port import PaymentProvider
from tests.gateways.contract_payments import Holder, PaymentContract
from tests.gateways.inbox import Inbox
from tests.gateways.sandbox_process import SandboxProcess


class SandboxHolder:
    """Pays by the provider's `simulate`, as the page's buttons do."""

    def __init__(self, sandbox: SandboxProcess, inbox: Inbox) -> None:
        self.sandbox = sandbox
        self.inbox = inbox

    def pays(self, payment_id: UUID) -> None:
        self.sandbox.simulate(payment_id, "captured")

    def is_declined(self, payment_id: UUID) -> None:
        self.sandbox.simulate(payment_id, "declined")

    def webhook(self, payment_id: UUID, kind: str) -> tuple[dict[str, str], bytes]:
        def fitting(inbox: Inbox) -> list[tuple[dict[str, str], bytes]]:
            read = [(headers, body, json.loads(body)) for headers, body in inbox.webhooks]
            return [
                (headers, body)
                for headers, body, content in read
                if content["type"] == kind and content["data"]["payment_id"] == str(payment_id)
            ]

        self.inbox.wait_for(lambda inbox: bool(fitting(inbox)))
        return fitting(self.inbox)[0]


class TestSandboxContract(PaymentContract):
    @pytest.fixture
    def provider(self, sandbox: SandboxProcess) -> PaymentProvider:
        return sandbox.adapter()

    @pytest.fixture
    def holder(self, sandbox: SandboxProcess, inbox: Inbox) -> Holder:
        return SandboxHolder(sandbox, inbox)

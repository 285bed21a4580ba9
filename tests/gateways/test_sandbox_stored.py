"""The sandbox provider, as a real process, keeps ways to pay and tells of disputes."""

from datetime import UTC, date, datetime
from typing import Literal
from uuid import UUID

import pytest

from keepline.gateways.payments.port import PaymentProvider, ProviderUnknown
from keepline.gateways.payments.sandbox.provider.cards import last_day
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.contract_stored import (
    DisputeContract,
    Keeper,
    Nature,
    StoredContract,
    a_charge,
    a_storing,
    kept,
)
from tests.gateways.inbox import Inbox
from tests.gateways.sandbox_process import SandboxProcess
from tests.gateways.test_sandbox_contract import SandboxHolder

CARDS: dict[Nature, str] = {
    "good": "0000",
    "retry": "0001",
    "final": "0002",
    "approval": "0003",
}


class SandboxKeeper(SandboxHolder):
    """Acts by the provider's `simulate` and `/control`, as its page's buttons do."""

    def _simulates(self, storing_id: UUID, **content: str) -> None:
        path = f"/v1/storings/{storing_id}/simulate"
        self.sandbox.call("POST", path, json=content).raise_for_status()

    def keeps(self, storing_id: UUID, nature: Nature) -> None:
        self._simulates(storing_id, outcome="stored", card=CARDS[nature])

    def lets_lapse(self, storing_id: UUID) -> None:
        self._simulates(storing_id, outcome="expired")

    def is_refused(self, storing_id: UUID) -> None:
        self._simulates(storing_id, outcome="declined")

    def loses_answer(self, what: Literal["charge", "storing"]) -> None:
        call = {"charge": "charge", "storing": "store"}[what]
        self.sandbox.behave(api="answer_lost", api_on=call, api_times=1)

    def disputes(self, payment_id: UUID) -> None:
        self.sandbox.call("POST", f"/control/payments/{payment_id}/dispute").raise_for_status()

    def decides(self, dispute_id: str, *, won: bool) -> None:
        content = {"outcome": "won" if won else "lost"}
        path = f"/control/disputes/{dispute_id}/close"
        self.sandbox.call("POST", path, json=content).raise_for_status()


@pytest.fixture
def provider(sandbox: SandboxProcess) -> PaymentProvider:
    return sandbox.adapter()


@pytest.fixture
def keeper(sandbox: SandboxProcess, inbox: Inbox) -> Keeper:
    return SandboxKeeper(sandbox, inbox)


class TestSandboxStored(StoredContract):
    method_kind = "sandbox"


class TestSandboxDisputes(DisputeContract):
    pass


def test_a_card_expires_next_month_and_works_until_then(
    provider: PaymentProvider, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CARDS, "good", "0004")
    soon = kept(provider, keeper)
    monkeypatch.setitem(CARDS, "good", "0000")
    late = kept(provider, keeper)
    today = datetime.now(UTC).date()
    assert (soon.expires_on, late.expires_on) == (last_day(today, 1), last_day(today, 36))
    assert provider.charge_stored(a_charge(soon)).status == "captured"


@pytest.mark.parametrize(
    ("today", "months", "last"),
    [
        (date(2027, 3, 28), 1, date(2027, 4, 30)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2027, 12, 1), 1, date(2028, 1, 31)),
        (date(2027, 11, 30), 36, date(2030, 11, 30)),
    ],
)
def test_cards_expire_with_a_month(today: date, months: int, last: date) -> None:
    assert last_day(today, months) == last


def test_amounts_misbehave_for_charges_as_they_do_at_the_page(
    provider: PaymentProvider, keeper: Keeper
) -> None:
    method = kept(provider, keeper)
    found = {
        amount: provider.charge_stored(a_charge(method, amount)).decline_kind
        for amount in (66601, 66602, 66603)
    }
    assert found == {66601: "retry", 66602: "final", 66603: "approval"}


def test_the_next_charges_are_declined_on_demand(
    sandbox: SandboxProcess, provider: PaymentProvider, keeper: Keeper
) -> None:
    method = kept(provider, keeper)
    sandbox.behave(decline_next=1)
    states = [provider.charge_stored(a_charge(method)).status for _ in range(2)]
    assert states == ["declined", "captured"]


def test_disputed_money_is_not_given_back_a_second_time(
    sandbox: SandboxProcess, provider: PaymentProvider, keeper: Keeper
) -> None:
    request = a_request()
    named = provider.open_payment(request).provider_payment_id
    keeper.pays(request.payment_id)
    provider.refund(a_refund(request, named, 500))
    keeper.disputes(request.payment_id)
    (dispute,) = provider.ask(request.payment_id, named).disputes.values()
    assert dispute.amount_minor == 1499
    assert provider.refund(a_refund(request, named, 1)).code == "disputed"
    again = sandbox.call("POST", f"/control/payments/{request.payment_id}/dispute")
    assert again.status_code == 409
    keeper.decides(dispute.dispute_id, won=True)
    assert provider.refund(a_refund(request, named, 1499)).status == "refunded"


def test_a_charge_has_no_page(
    sandbox: SandboxProcess, provider: PaymentProvider, keeper: Keeper
) -> None:
    named = provider.charge_stored(a_charge(kept(provider, keeper))).provider_payment_id
    assert sandbox.call("GET", f"/checkout/{named}").status_code == 404


@pytest.mark.parametrize("call", ["store", "ask", "charge", "forget", "dispute"])
def test_a_call_that_fails_is_unknown(
    sandbox: SandboxProcess, provider: PaymentProvider, keeper: Keeper, call: str
) -> None:
    method, request = kept(provider, keeper), a_storing()
    sandbox.behave(api="error_500", api_on=call, api_times=1)
    calls = {
        "store": lambda: provider.open_storing(request),
        "ask": lambda: provider.ask_storing(request.storing_id, None),
        "charge": lambda: provider.charge_stored(a_charge(method)),
        "forget": lambda: provider.forget_method(method),
        "dispute": lambda: provider.answer_dispute("dsp_1", "text"),
    }
    if call == "ask":
        provider.open_storing(request)
    with pytest.raises(ProviderUnknown):
        calls[call]()

"""The gateway keeps the contract with a real osmo-hlr, whose own database is the witness."""

from collections.abc import Iterator

import pytest

from keepline.gateways.network.osmo_hlr.adapter import OsmoHlr
from keepline.gateways.network.port import NetworkGateway, NetworkOperation, Subscriber
from tests.gateways.contract_network import (
    NetworkContract,
    Weather,
    Witness,
    a_subscriber,
    an_operation,
)
from tests.gateways.hlr_process import HOST, HlrProcess, hlr
from tests.gateways.hlr_wire import Wire, a_wire

__all__ = ["hlr"]

pytestmark = pytest.mark.osmo_hlr

WORDS = {(True, True): "active", (True, False): "inbound_only", (False, False): "off"}


class HlrWeather:
    """Loses what is on the wire, gives numbers to strangers, kills the process."""

    def __init__(self, process: HlrProcess, wire: Wire) -> None:
        self.process = process
        self.wire = wire

    def swallow_answer(self, line_ref: str) -> None:
        self.wire.mood = "loses answers"

    def swallow_operation(self, line_ref: str) -> None:
        self.wire.mood = "loses changes"

    def refuse(self, line_ref: str) -> None:
        stranger = an_operation(msisdn=a_subscriber(line_ref).msisdn)
        assert self.process.adapter().apply(stranger).outcome == "confirmed"

    def down(self) -> None:
        self.process.kill()

    def up(self) -> None:
        self.process.start()


@pytest.fixture
def wire(hlr: HlrProcess) -> Iterator[Wire]:
    with a_wire() as stretched:
        yield stretched


class TestOsmoHlrContract(NetworkContract):
    @pytest.fixture
    def network(self, wire: Wire) -> NetworkGateway:
        return OsmoHlr(HOST, wire.ports["ctrl"], wire.ports["vty"], timeout_s=30)

    @pytest.fixture
    def weather(self, hlr: HlrProcess, wire: Wire) -> Weather:
        return HlrWeather(hlr, wire)

    @pytest.fixture
    def witness(self, hlr: HlrProcess) -> Witness:
        """Reads the HLR's database. A card without number and access is nothing."""

        def seen(subscriber: Subscriber) -> tuple[int | None, str] | None:
            msisdn, cs, ps = hlr.rows().get(subscriber.imsi or "", (None, False, False))
            word = WORDS[cs, ps]
            if msisdn is None:
                return None if word == "off" else (None, word)
            return int(msisdn), word

        return seen


class TestOsmoHlrContractDeleting(TestOsmoHlrContract):
    """The same where cards of closed lines are deleted."""

    @pytest.fixture
    def network(self, wire: Wire) -> NetworkGateway:
        ports = wire.ports
        return OsmoHlr(HOST, ports["ctrl"], ports["vty"], timeout_s=30, delete_closed=True)

    def test_a_closed_line_leaves_no_row(self, network: NetworkGateway, hlr: HlrProcess) -> None:
        operation = an_operation()
        network.apply(operation)
        network.apply(NetworkOperation(operation.operation_id, operation.subscriber, None))
        assert hlr.rows() == {}
        network.apply(operation)
        network.revert(operation.operation_id, operation.subscriber, None)
        assert hlr.rows() == {operation.subscriber.imsi: (None, False, False)}  # it was not closed

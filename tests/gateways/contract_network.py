"""What every network behind the port must keep. Subclassed by each adapter's test.

The subclass gives two fixtures: `network`, the adapter, and `weather`, who makes calls fail.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

import pytest

from keepline.gateways.network.port import (
    DesiredService,
    NetworkAnswer,
    NetworkGateway,
    NetworkOperation,
    NetworkUnknown,
)


class Weather(Protocol):
    """Makes the next call for a line go wrong."""

    def swallow_answer(self, line_ref: str) -> None:
        """The next operation is applied, its answer lost."""
        ...

    def swallow_operation(self, line_ref: str) -> None:
        """The next operation is lost, and so is its answer."""
        ...

    def refuse(self, line_ref: str) -> None:
        """The next operation is rejected."""
        ...


UNTIL = datetime(2027, 5, 3, 22, 0, tzinfo=UTC)
ACTIVE = DesiredService("active", UNTIL, 10 * 1024**3, 6000, 100)


def an_operation(line_ref: str = "", desired: DesiredService = ACTIVE) -> NetworkOperation:
    """An operation with a fresh id, on a fresh line unless one is named."""
    return NetworkOperation(
        operation_id=uuid4(),
        line_ref=line_ref or str(uuid4()),
        msisdn=819012345678,
        iccid="8981100000000000001",
        desired=desired,
        order_id=uuid4(),
    )


class NetworkContract:
    """The contract."""

    def ask(self, network: NetworkGateway, operation: NetworkOperation) -> NetworkAnswer:
        return network.ask(operation.operation_id, operation.line_ref)

    def test_applied_is_read_back(self, network: NetworkGateway) -> None:
        operation = an_operation()
        confirmed = NetworkAnswer("confirmed", ACTIVE)
        assert network.apply(operation) == confirmed
        assert self.ask(network, operation) == confirmed
        assert network.read(operation.line_ref) == ACTIVE

    @pytest.mark.parametrize(
        "desired",
        [
            DesiredService("active", None, None, None, None),
            DesiredService("inbound_only", UNTIL, 0, 0, 0),
            DesiredService("off", None, 0, 0, 0),
        ],
    )
    def test_every_service_comes_back_as_said(
        self, network: NetworkGateway, desired: DesiredService
    ) -> None:
        operation = replace(an_operation(desired=desired), msisdn=None, iccid=None)
        assert network.apply(operation).read_back == desired

    def test_unheard_of_line_and_operation(self, network: NetworkGateway) -> None:
        assert network.read(str(uuid4())) is None
        assert network.ask(uuid4(), str(uuid4())).outcome == "not_found"

    def test_same_operation_twice_happens_once(self, network: NetworkGateway) -> None:
        first = an_operation()
        later = an_operation(first.line_ref, replace(ACTIVE, valid_until=UNTIL + timedelta(30)))
        network.apply(first)
        network.apply(later)
        assert network.apply(first).outcome == "confirmed"
        assert network.read(first.line_ref) == later.desired  # the repeat did not put it back

    def test_lost_answer_can_be_asked_for(self, network: NetworkGateway, weather: Weather) -> None:
        operation = an_operation()
        weather.swallow_answer(operation.line_ref)
        with pytest.raises(NetworkUnknown):
            network.apply(operation)
        assert self.ask(network, operation) == NetworkAnswer("confirmed", ACTIVE)

    def test_lost_operation_is_not_found_and_sent_again(
        self, network: NetworkGateway, weather: Weather
    ) -> None:
        operation = an_operation()
        weather.swallow_operation(operation.line_ref)
        with pytest.raises(NetworkUnknown):
            network.apply(operation)
        assert self.ask(network, operation).outcome == "not_found"
        assert network.read(operation.line_ref) is None
        assert network.apply(operation).outcome == "confirmed"

    def test_rejection_changes_nothing_and_stays(
        self, network: NetworkGateway, weather: Weather
    ) -> None:
        operation = an_operation()
        weather.refuse(operation.line_ref)
        rejected = network.apply(operation)
        assert (rejected.outcome, rejected.read_back) == ("rejected", None)
        assert rejected.code
        assert network.apply(operation) == rejected
        assert self.ask(network, operation) == rejected
        assert network.read(operation.line_ref) is None

    def test_revert_puts_the_line_back(self, network: NetworkGateway) -> None:
        first = an_operation()
        second = an_operation(first.line_ref, replace(ACTIVE, state="off"))
        network.apply(first)
        network.apply(second)
        for _ in range(2):
            answer = network.revert(second.operation_id, second.line_ref)
            assert answer == NetworkAnswer("reverted", ACTIVE)
        assert network.read(first.line_ref) == ACTIVE
        assert self.ask(network, second).outcome == "reverted"

    def test_revert_of_the_only_operation_leaves_nothing(self, network: NetworkGateway) -> None:
        operation = an_operation()
        network.apply(operation)
        answer = network.revert(operation.operation_id, operation.line_ref)
        assert answer == NetworkAnswer("reverted", None)
        assert network.read(operation.line_ref) is None

    def test_revert_bars_an_operation_that_is_still_on_its_way(
        self, network: NetworkGateway
    ) -> None:
        operation = an_operation()
        assert network.revert(operation.operation_id, operation.line_ref).outcome == "reverted"
        assert network.apply(operation).outcome == "reverted"
        assert network.read(operation.line_ref) is None

    def test_revert_of_an_older_operation_leaves_the_newer(self, network: NetworkGateway) -> None:
        first = an_operation()
        second = an_operation(first.line_ref, replace(ACTIVE, sms_count=7))
        network.apply(first)
        network.apply(second)
        network.revert(first.operation_id, first.line_ref)
        assert network.read(first.line_ref) == second.desired

    def test_lines_do_not_touch_each_other(self, network: NetworkGateway) -> None:
        one, other = an_operation(), an_operation(desired=replace(ACTIVE, state="off"))
        network.apply(one)
        network.apply(other)
        network.revert(other.operation_id, other.line_ref)
        assert network.read(one.line_ref) == ACTIVE

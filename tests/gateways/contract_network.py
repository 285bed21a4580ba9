"""What every network behind the port must keep. Subclassed by each adapter's test.

The subclass gives three fixtures: `network`, the adapter; `weather`, who makes calls fail; and
`witness`, who reads the network's own books past the adapter. What an adapter cannot hold
(`keeps`) or remember (`remembers`) is not asked of it, and what it then does instead is.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

import pytest

from keepline.gateways.network.port import (
    DesiredService,
    NetworkAnswer,
    NetworkGateway,
    NetworkOperation,
    NetworkRecord,
    NetworkUnknown,
    Subscriber,
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

    def down(self) -> None:
        """Nothing is answered, and nothing done, until `up`."""
        ...

    def up(self) -> None:
        """Back, with all that it held."""
        ...


# A line's number and the word for its access in the network's own books; None: nothing there.
Witness = Callable[[Subscriber], tuple[int | None, str] | None]

UNTIL = datetime(2027, 5, 3, 22, 0, tzinfo=UTC)
ACTIVE = DesiredService("active", UNTIL, 10 * 1024**3, 6000, 100)
INBOUND = DesiredService("inbound_only", None, 0, 0, 0)
OFF = DesiredService("off", None, 0, 0, 0)


def a_subscriber(line_ref: str = "") -> Subscriber:
    """Number and card follow from the line, fresh unless one is named."""
    line_ref = line_ref or str(uuid4())
    digits = int(hashlib.sha256(line_ref.encode()).hexdigest(), 16) % 10**9
    return Subscriber(
        line_ref,
        msisdn=819_000_000_000 + digits,
        iccid="8981100000000000001",
        imsi=f"001010{digits:09d}",
    )


def an_operation(
    line_ref: str = "", desired: DesiredService | None = ACTIVE, **subscriber: object
) -> NetworkOperation:
    """An operation with a fresh id, on a fresh line unless one is named."""
    who = replace(a_subscriber(line_ref), **subscriber)
    return NetworkOperation(uuid4(), who, desired, order_id=uuid4())


def kept(network: NetworkGateway, service: DesiredService) -> DesiredService:
    """What of a service can be read back from this network."""
    lost = {field.name: None for field in fields(service) if field.name not in network.keeps}
    return replace(service, **lost)


def confirmed(network: NetworkGateway, service: DesiredService) -> NetworkAnswer:
    return NetworkAnswer("confirmed", kept(network, service))


def _all_heard(records: Sequence[NetworkRecord | NetworkUnknown | None]) -> None:
    """A silence is raised, or stands in the place of a line whose own element was silent."""
    for record in records:
        if isinstance(record, NetworkUnknown):
            raise record


class NetworkContract:
    """The contract."""

    def holds(
        self,
        network: NetworkGateway,
        witness: Witness,
        subscriber: Subscriber,
        service: DesiredService | None,
    ) -> None:
        """Port and witness say that the network gives exactly this."""
        if service is None:
            assert network.read(subscriber) is None
            assert witness(subscriber) is None
        else:
            record = NetworkRecord(subscriber.msisdn, kept(network, service))
            assert network.read(subscriber) == record
            assert witness(subscriber) == (subscriber.msisdn, service.state)

    def test_every_network_keeps_the_state(self, network: NetworkGateway) -> None:
        assert "state" in network.keeps
        assert network.keeps <= {field.name for field in fields(DesiredService)}

    def test_a_lines_life(self, network: NetworkGateway, witness: Witness) -> None:
        """Sold, expired, suspended, renewed, number changed, expired without service, closed."""
        sold = a_subscriber()
        renumbered = replace(sold, msisdn=819_999_999_999)
        self.holds(network, witness, sold, None)
        for subscriber, service in [
            (sold, ACTIVE),
            (sold, INBOUND),
            (sold, OFF),
            (sold, replace(ACTIVE, valid_until=UNTIL + timedelta(30))),
            (renumbered, replace(ACTIVE, valid_until=UNTIL + timedelta(30))),
            (renumbered, OFF),
        ]:
            answer = network.apply(NetworkOperation(uuid4(), subscriber, service))
            assert answer == confirmed(network, service)
            self.holds(network, witness, subscriber, service)
        closing = NetworkOperation(uuid4(), renumbered, None)
        assert network.apply(closing) == NetworkAnswer("confirmed", None)
        assert network.ask(closing) == NetworkAnswer("confirmed", None)
        self.holds(network, witness, renumbered, None)

    def test_a_number_that_was_given_back_serves_the_next_line(
        self, network: NetworkGateway, witness: Witness
    ) -> None:
        first, number = a_subscriber(), 819_999_999_998
        network.apply(NetworkOperation(uuid4(), replace(first, msisdn=number), ACTIVE))
        network.apply(NetworkOperation(uuid4(), first, ACTIVE))
        following = an_operation(msisdn=number)
        assert network.apply(following).outcome == "confirmed"
        self.holds(network, witness, following.subscriber, ACTIVE)
        self.holds(network, witness, first, ACTIVE)

    def test_another_number(self, network: NetworkGateway, witness: Witness) -> None:
        operation = an_operation()
        old = operation.subscriber
        new = replace(old, msisdn=819_999_999_997, former=old)
        network.apply(operation)
        change = NetworkOperation(uuid4(), new, INBOUND)
        for _ in range(2):
            assert network.apply(change) == confirmed(network, INBOUND)
        self.holds(network, witness, new, INBOUND)
        back = network.revert(change.operation_id, replace(old, former=new), INBOUND)
        assert back == NetworkAnswer("reverted", kept(network, INBOUND))
        self.holds(network, witness, old, INBOUND)

    def test_another_sim_takes_the_number_from_the_old_one(
        self, network: NetworkGateway, witness: Witness
    ) -> None:
        operation = an_operation()
        old = operation.subscriber
        network.apply(operation)
        sim = {"iccid": "8981100000000000019", "imsi": f"001019{old.imsi[6:]}"}  # type: ignore[index]
        new = replace(old, **sim, former=old)
        swap = NetworkOperation(uuid4(), new, ACTIVE)
        for _ in range(2):
            assert network.apply(swap) == confirmed(network, ACTIVE)
            assert network.ask(swap) == confirmed(network, ACTIVE)
        self.holds(network, witness, new, ACTIVE)
        assert network.read(old) is None
        back = network.revert(swap.operation_id, replace(old, former=new), ACTIVE)
        assert back == NetworkAnswer("reverted", kept(network, ACTIVE))
        self.holds(network, witness, old, ACTIVE)
        assert network.read(new) is None

    def test_a_swap_without_an_answer_is_asked_about_and_told_again(
        self, network: NetworkGateway, witness: Witness, weather: Weather
    ) -> None:
        operation = an_operation()
        old = operation.subscriber
        network.apply(operation)
        sim = {"iccid": "8981100000000000019", "imsi": f"001019{old.imsi[6:]}"}  # type: ignore[index]
        swap = NetworkOperation(uuid4(), replace(old, **sim, former=old), ACTIVE)
        weather.swallow_operation(old.line_ref)
        with pytest.raises(NetworkUnknown):
            network.apply(swap)
        assert network.ask(swap).outcome == "not_found"
        assert network.apply(swap) == confirmed(network, ACTIVE)
        self.holds(network, witness, swap.subscriber, ACTIVE)

    def test_applied_is_read_back(self, network: NetworkGateway, witness: Witness) -> None:
        operation = an_operation()
        assert network.apply(operation) == confirmed(network, ACTIVE)
        assert network.ask(operation) == confirmed(network, ACTIVE)
        self.holds(network, witness, operation.subscriber, ACTIVE)

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
        operation = an_operation(desired=desired, iccid=None)
        assert network.apply(operation).read_back == kept(network, desired)

    def test_a_line_without_a_number_is_served(
        self, network: NetworkGateway, witness: Witness
    ) -> None:
        operation = an_operation(msisdn=None)
        assert network.apply(operation) == confirmed(network, ACTIVE)
        self.holds(network, witness, operation.subscriber, ACTIVE)

    def test_unheard_of_line_and_operation(self, network: NetworkGateway) -> None:
        assert network.read(a_subscriber()) is None
        assert network.ask(an_operation()).outcome == "not_found"

    def test_same_operation_twice_happens_once(self, network: NetworkGateway) -> None:
        first = an_operation()
        later = an_operation(first.subscriber.line_ref, INBOUND)
        network.apply(first)
        network.apply(later)
        assert network.apply(first).outcome == "confirmed"
        record = network.read(first.subscriber)
        assert record is not None
        # One with a memory knows the repeat; one without is told to give the service once more.
        standing = INBOUND if network.remembers else ACTIVE
        assert record.service == kept(network, standing)

    def test_what_is_asked_about_is_what_was_desired(self, network: NetworkGateway) -> None:
        operation = an_operation()
        network.apply(operation)
        other = an_operation(operation.subscriber.line_ref, INBOUND)
        assert network.ask(other).outcome == "not_found"

    def test_lost_answer_can_be_asked_for(self, network: NetworkGateway, weather: Weather) -> None:
        operation = an_operation()
        weather.swallow_answer(operation.subscriber.line_ref)
        with pytest.raises(NetworkUnknown):
            network.apply(operation)
        assert network.ask(operation) == confirmed(network, ACTIVE)

    def test_lost_operation_is_not_found_and_sent_again(
        self, network: NetworkGateway, weather: Weather
    ) -> None:
        operation = an_operation()
        weather.swallow_operation(operation.subscriber.line_ref)
        with pytest.raises(NetworkUnknown):
            network.apply(operation)
        assert network.ask(operation).outcome == "not_found"
        assert network.read(operation.subscriber) is None
        assert network.apply(operation).outcome == "confirmed"

    def test_rejection_changes_nothing_and_stays(
        self, network: NetworkGateway, weather: Weather, witness: Witness
    ) -> None:
        operation = an_operation()
        weather.refuse(operation.subscriber.line_ref)
        rejected = network.apply(operation)
        assert (rejected.outcome, rejected.read_back) == ("rejected", None)
        assert rejected.code
        assert network.apply(operation) == rejected
        found = network.ask(operation)
        assert found == (rejected if network.remembers else NetworkAnswer("not_found"))
        self.holds(network, witness, operation.subscriber, None)

    def test_revert_puts_back_what_the_books_say(
        self, network: NetworkGateway, witness: Witness
    ) -> None:
        first = an_operation(desired=INBOUND)
        second = an_operation(first.subscriber.line_ref, ACTIVE)
        network.apply(first)
        network.apply(second)
        for _ in range(2):
            answer = network.revert(second.operation_id, second.subscriber, INBOUND)
            assert answer == NetworkAnswer("reverted", kept(network, INBOUND))
            self.holds(network, witness, second.subscriber, INBOUND)
        expected = "reverted" if network.remembers else "not_found"
        assert network.ask(second).outcome == expected

    def test_revert_gives_the_number_back_as_well(
        self, network: NetworkGateway, witness: Witness
    ) -> None:
        before = a_subscriber()
        change = NetworkOperation(uuid4(), replace(before, msisdn=819_999_999_997), ACTIVE)
        network.apply(NetworkOperation(uuid4(), before, ACTIVE))
        network.apply(change)
        assert network.revert(change.operation_id, before, ACTIVE).outcome == "reverted"
        self.holds(network, witness, before, ACTIVE)

    def test_revert_of_the_only_operation_leaves_nothing(
        self, network: NetworkGateway, witness: Witness
    ) -> None:
        operation = an_operation()
        network.apply(operation)
        for _ in range(2):
            answer = network.revert(operation.operation_id, operation.subscriber, None)
            assert answer == NetworkAnswer("reverted", None)
        self.holds(network, witness, operation.subscriber, None)

    def test_revert_of_what_never_came_bars_it_where_it_is_remembered(
        self, network: NetworkGateway, witness: Witness
    ) -> None:
        operation = an_operation()
        reverted = network.revert(operation.operation_id, operation.subscriber, None)
        assert reverted == NetworkAnswer("reverted", None)
        late = network.apply(operation)
        if network.remembers:
            assert late.outcome == "reverted"
            self.holds(network, witness, operation.subscriber, None)
        else:
            assert late == confirmed(network, ACTIVE)

    def test_revert_states_what_the_network_never_heard_of(
        self, network: NetworkGateway, witness: Witness
    ) -> None:
        operation = an_operation()
        answer = network.revert(operation.operation_id, operation.subscriber, INBOUND)
        assert answer == NetworkAnswer("reverted", kept(network, INBOUND))
        self.holds(network, witness, operation.subscriber, INBOUND)

    def test_lines_do_not_touch_each_other(self, network: NetworkGateway, witness: Witness) -> None:
        one, other = an_operation(), an_operation(desired=OFF)
        network.apply(one)
        network.apply(other)
        network.revert(other.operation_id, other.subscriber, None)
        self.holds(network, witness, one.subscriber, ACTIVE)

    def test_many_are_answered_in_their_order(
        self, network: NetworkGateway, weather: Weather, witness: Witness
    ) -> None:
        states = [ACTIVE, INBOUND, OFF]
        operations = [an_operation(desired=states[place % 3]) for place in range(100)]
        weather.refuse(operations[40].subscriber.line_ref)
        answers = network.apply_many(operations)
        for place, (operation, answer) in enumerate(zip(operations, answers, strict=True)):
            if place == 40:
                assert isinstance(answer, NetworkAnswer)
                assert answer.outcome == "rejected"
                continue
            assert operation.desired is not None
            assert answer == confirmed(network, operation.desired)
        records = network.read_many([operation.subscriber for operation in operations])
        assert [
            record.service.state if isinstance(record, NetworkRecord) else record
            for record in records
        ] == [None if place == 40 else states[place % 3].state for place in range(100)]
        self.holds(network, witness, operations[40].subscriber, None)
        asked = network.ask_many([*operations[:40], an_operation(), *operations[41:]])
        assert asked == [*answers[:40], NetworkAnswer("not_found"), *answers[41:]]

    def test_down_answers_nothing_and_does_nothing(
        self, network: NetworkGateway, weather: Weather, witness: Witness
    ) -> None:
        before, operation = an_operation(), an_operation()
        network.apply(before)
        weather.down()
        for call in (
            lambda: network.apply(operation),
            lambda: network.ask(operation),
            lambda: network.revert(operation.operation_id, operation.subscriber, None),
            lambda: network.read(operation.subscriber),
            lambda: _all_heard(network.read_many([operation.subscriber])),
        ):
            with pytest.raises(NetworkUnknown):
                call()
        answers = network.apply_many([operation, an_operation()])
        answers += network.ask_many([operation])
        assert [type(answer) for answer in answers] == [NetworkUnknown] * 3
        assert network.complaints()
        weather.up()
        assert network.complaints() == []
        self.holds(network, witness, before.subscriber, ACTIVE)
        self.holds(network, witness, operation.subscriber, None)
        assert network.apply(operation).outcome == "confirmed"

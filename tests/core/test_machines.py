"""The tables of states: everything is reached, nothing is a trap, what is not there is refused."""

from enum import StrEnum
from typing import Any

import pytest

from keepline.core.lifecycle.card import CARD, CardEvent, CardState
from keepline.core.lifecycle.dispute import DISPUTE, DisputeEvent, DisputeState
from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.core.lifecycle.machine import IllegalTransition, Machine, Transition
from keepline.core.lifecycle.number import NUMBER, NumberEvent, NumberState
from keepline.core.lifecycle.order import ORDER, OrderEvent, OrderState
from keepline.core.lifecycle.payment import PAYMENT, PaymentEvent, PaymentState
from keepline.core.lifecycle.profile import PROFILE, ProfileEvent, ProfileState
from keepline.core.lifecycle.refund import REFUND, RefundEvent, RefundState

TABLES: list[tuple[Machine[Any, Any], type[StrEnum], type[StrEnum]]] = [
    (LINE, LineState, LineEvent),
    (ORDER, OrderState, OrderEvent),
    (PAYMENT, PaymentState, PaymentEvent),
    (REFUND, RefundState, RefundEvent),
    (DISPUTE, DisputeState, DisputeEvent),
    (NUMBER, NumberState, NumberEvent),
    (CARD, CardState, CardEvent),
    (PROFILE, ProfileState, ProfileEvent),
]
each = pytest.mark.parametrize(
    ("machine", "states", "events"), TABLES, ids=[machine.name for machine, _, _ in TABLES]
)


def reached_from(machine: Machine[Any, Any], start: StrEnum) -> set[StrEnum]:
    found, fresh = {start}, [start]
    while fresh:
        state = fresh.pop()
        for event in machine.allowed(state):
            target = machine.next(state, event)
            if target not in found:
                found.add(target)
                fresh.append(target)
    return found


@each
def test_every_state_is_reached_and_every_event_is_used(
    machine: Machine[Any, Any], states: type[StrEnum], events: type[StrEnum]
) -> None:
    assert reached_from(machine, machine.initial) == set(states)
    assert {t.event for t in machine.transitions} == set(events)


@each
def test_every_state_leads_to_an_end(
    machine: Machine[Any, Any], states: type[StrEnum], events: type[StrEnum]
) -> None:
    for state in states:
        assert reached_from(machine, state) & machine.finals, f"{state} is a trap"
        assert machine.allowed(state) or state in machine.finals, f"{state} is a dead end"


@each
def test_what_the_table_does_not_say_is_refused(
    machine: Machine[Any, Any], states: type[StrEnum], events: type[StrEnum]
) -> None:
    table = {(t.source, t.event): t.target for t in machine.transitions}
    for state in states:
        for event in events:
            if (state, event) in table:
                assert machine.next(state, event) == table[state, event]
                continue
            with pytest.raises(IllegalTransition) as caught:
                machine.next(state, event)
            refused = caught.value
            assert (refused.machine, refused.state, refused.event) == (machine.name, state, event)
            assert set(refused.allowed_events) == {e for s, e in table if s == state}


@each
def test_states_are_stored_as_they_are_named(
    machine: Machine[Any, Any], states: type[StrEnum], events: type[StrEnum]
) -> None:
    for member in [*states, *events]:
        assert member.value == member.name.lower()
        assert str(member) == member.value
    assert all(t.note for t in machine.transitions), "an edge says why it is there"


def test_a_table_with_two_answers_is_refused() -> None:
    doubled = (
        Transition(OrderState.HELD, OrderEvent.COMPLETE, OrderState.COMPLETED),
        Transition(OrderState.HELD, OrderEvent.COMPLETE, OrderState.FAILED),
    )
    with pytest.raises(ValueError, match="two edges"):
        Machine("doubled", OrderState.HELD, frozenset({OrderState.COMPLETED}), doubled)


def test_what_is_over_stays_over() -> None:
    for state in (LineState.TERMINATED,):
        assert not LINE.allowed(state)
    for order_state in ORDER.finals:
        assert not ORDER.allowed(order_state)
    assert not PAYMENT.allowed(PaymentState.CAPTURED)
    for refund_state in REFUND.finals - {RefundState.REFUNDED}:
        assert not REFUND.allowed(refund_state)
    # Its bank may send back what a payer was given, weeks later.
    assert REFUND.allowed(RefundState.REFUNDED) == {RefundEvent.BOUNCE}
    assert not NUMBER.allowed(NumberState.RETIRED)


def test_money_that_comes_late_is_still_seen() -> None:
    """A provider may capture after the payment was believed to be over."""
    for state in set(PaymentState) - {PaymentState.CAPTURED}:
        assert PAYMENT.next(state, PaymentEvent.CAPTURE) == PaymentState.CAPTURED


def test_unknown_is_left_by_an_answer_only() -> None:
    assert PaymentEvent.LOSE_SIGHT not in PAYMENT.allowed(PaymentState.UNKNOWN)
    assert OrderEvent.CANCEL not in ORDER.allowed(OrderState.HELD)


def test_a_number_rests_between_two_holders() -> None:
    """From assigned, no way to available leads past quarantine."""
    without_rest = Machine(
        "number",
        NUMBER.initial,
        NUMBER.finals,
        tuple(t for t in NUMBER.transitions if NumberState.QUARANTINE not in (t.source, t.target)),
    )
    reached = reached_from(without_rest, NumberState.ASSIGNED)
    assert not reached & {NumberState.AVAILABLE, NumberState.HELD}


def test_a_card_that_was_handed_out_never_comes_back_to_the_shelf() -> None:
    assert not reached_from(CARD, CardState.ASSIGNED) & {CardState.AVAILABLE, CardState.HELD}


def test_a_profile_that_was_downloaded_is_nobody_elses() -> None:
    """A BPP is bound to one eUICC (SGP.22); before, the order is cancelled and it is free again."""
    shelf = {ProfileState.AVAILABLE, ProfileState.HELD}
    assert not reached_from(PROFILE, ProfileState.DOWNLOADED) & shelf
    assert not reached_from(PROFILE, ProfileState.ERROR) & shelf
    for state in ("allocated", "linked", "confirmed", "released"):
        cancelled = PROFILE.next(ProfileState(state), ProfileEvent.CANCEL)
        assert cancelled is ProfileState.AVAILABLE


@pytest.mark.parametrize(
    "state", [LineState.ACTIVE, LineState.GRACE, LineState.SUSPENDED, LineState.READY]
)
def test_a_line_is_renewed_wherever_its_number_is_still_its_holders(state: LineState) -> None:
    target = LineState.READY if state == LineState.READY else LineState.ACTIVE
    assert LINE.next(state, LineEvent.RENEW) == target

"""State machines as data: a table of transitions, asked by every writer of a state."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

__all__ = ["IllegalTransition", "Machine", "Transition"]

StateT = TypeVar("StateT", bound=StrEnum)
EventT = TypeVar("EventT", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Transition(Generic[StateT, EventT]):
    """One edge, and why it exists."""

    source: StateT
    event: EventT
    target: StateT
    note: str = ""


class IllegalTransition(ValueError):
    """The table has no such edge; `allowed_events` are those it has from `state`."""

    def __init__(self, machine: str, state: str, event: str, allowed: Iterable[str]) -> None:
        self.machine, self.state, self.event = machine, state, event
        self.allowed_events = tuple(sorted(allowed))
        super().__init__(f"{machine}: no {event} from {state}; allowed: {self.allowed_events}")


@dataclass(frozen=True)
class Machine(Generic[StateT, EventT]):
    """A named table. `finals` are the states in which a thing may rest for ever."""

    name: str
    initial: StateT
    finals: frozenset[StateT]
    transitions: tuple[Transition[StateT, EventT], ...]
    _edges: dict[tuple[StateT, EventT], StateT] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        edges = {(t.source, t.event): t.target for t in self.transitions}
        if len(edges) != len(self.transitions):
            raise ValueError(f"{self.name}: two edges with one event from one state")
        object.__setattr__(self, "_edges", edges)

    def next(self, state: StateT, event: EventT) -> StateT:
        """Where `event` leads from `state`; raises IllegalTransition."""
        try:
            return self._edges[state, event]
        except KeyError:
            raise IllegalTransition(self.name, state, event, self.allowed(state)) from None

    def allowed(self, state: StateT) -> frozenset[EventT]:
        """The events that `state` has edges for."""
        return frozenset(event for source, event in self._edges if source == state)

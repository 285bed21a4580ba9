"""One network port before several elements: each line is told to its own carrier's.

To flows it is one network. Here each call goes to the element of the subscriber's carrier, and
calls about lines of several at the same time, so that one that is slow keeps nobody else longer
than itself. Each element has its own breaker (config/outages.py).

A line that goes from one carrier's element to another's is left at the old one first, under an id
of its own, and only then brought to the new one: never two of a line's SIMs are served at once. Put
back, it is the other way round.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final, TypeVar
from uuid import UUID, uuid5

from .port import (
    DesiredService,
    NetworkAnswer,
    NetworkGateway,
    NetworkOperation,
    NetworkRecord,
    NetworkUnknown,
    Subscriber,
)

T = TypeVar("T")
USUAL: Final = ""  # the element of all carriers that have none of their own
Many = Callable[[NetworkGateway, Sequence[Any]], Sequence[T]]


class NetworkByCarrier:
    """`elements`: by a carrier's code; under "" that of all others, if there is one. Safe to share
    between threads."""

    name = "by-carrier"

    def __init__(self, elements: Mapping[str, NetworkGateway]) -> None:
        self._elements = dict(elements)

    @property
    def keeps(self) -> frozenset[str]:
        """What any of them can hold."""
        return frozenset().union(*(each.keeps for each in self._elements.values()))

    @property
    def remembers(self) -> bool:
        """Whether all of them know operations by their ids."""
        return all(each.remembers for each in self._elements.values())

    def element_of(self, carrier: str) -> str:
        """Under which name the carrier's element stands here."""
        return carrier if carrier in self._elements else USUAL

    def apply(self, operation: NetworkOperation) -> NetworkAnswer:
        """See the port."""
        left = self._left(operation)
        if left is not None:
            return left
        return self._of(operation.subscriber).apply(self._alone(operation))

    def apply_many(
        self, operations: Sequence[NetworkOperation]
    ) -> list[NetworkAnswer | NetworkUnknown]:
        """See the port."""
        moving = {place for place, each in enumerate(operations) if self._moves(each.subscriber)}
        answers: dict[int, NetworkAnswer | NetworkUnknown] = {}
        for place in moving:
            try:
                answers[place] = self.apply(operations[place])
            except NetworkUnknown as silence:
                answers[place] = silence
        staying = [place for place in range(len(operations)) if place not in moving]
        told = self._each(
            [operations[place] for place in staying],
            lambda each: each.subscriber,
            lambda element, some: element.apply_many(some),
        )
        answers |= dict(zip(staying, told, strict=True))
        return [answers[place] for place in range(len(operations))]

    def ask(self, operation: NetworkOperation) -> NetworkAnswer:
        """See the port. The new element is asked: it was told last."""
        return self._of(operation.subscriber).ask(self._alone(operation))

    def ask_many(
        self, operations: Sequence[NetworkOperation]
    ) -> list[NetworkAnswer | NetworkUnknown]:
        """See the port."""
        return self._each(
            [self._alone(each) for each in operations],
            lambda each: each.subscriber,
            lambda element, some: element.ask_many(some),
        )

    def revert(
        self, operation_id: UUID, subscriber: Subscriber, standing: DesiredService | None
    ) -> NetworkAnswer:
        """See the port. The element that was told the operation lets go of the line first."""
        if not self._moves(subscriber):
            return self._of(subscriber).revert(operation_id, subscriber, standing)
        assert subscriber.former is not None
        let_go = self._of(subscriber.former).revert(operation_id, subscriber.former, None)
        if let_go.outcome == "rejected":
            return let_go
        back = uuid5(operation_id, "back")
        return self._of(subscriber).revert(back, replace(subscriber, former=None), standing)

    def read(self, subscriber: Subscriber) -> NetworkRecord | None:
        """See the port."""
        return self._of(subscriber).read(subscriber)

    def read_many(
        self, subscribers: Sequence[Subscriber]
    ) -> list[NetworkRecord | NetworkUnknown | None]:
        """See the port."""
        return self._each(
            subscribers, lambda each: each, lambda element, some: element.read_many(some)
        )

    def complaints(self) -> list[str]:
        """See the port."""
        return [
            f"{name or 'all other carriers'}: {complaint}"
            for name, element in self._elements.items()
            for complaint in element.complaints()
        ]

    def _of(self, subscriber: Subscriber) -> NetworkGateway:
        element = self._elements.get(self.element_of(subscriber.carrier))
        if element is None:
            raise NetworkUnknown("no element is connected for this carrier")
        return element

    def _moves(self, subscriber: Subscriber) -> bool:
        """Whether what the line was called before is at another element."""
        former = subscriber.former
        if former is None:
            return False
        return self.element_of(former.carrier) != self.element_of(subscriber.carrier)

    def _alone(self, operation: NetworkOperation) -> NetworkOperation:
        """As the line's own element is told: what is elsewhere is none of its business."""
        if not self._moves(operation.subscriber):
            return operation
        return replace(operation, subscriber=replace(operation.subscriber, former=None))

    def _left(self, operation: NetworkOperation) -> NetworkAnswer | None:
        """Leaves the old element; what it said where that was not done, else None."""
        former = operation.subscriber.former
        if former is None or not self._moves(operation.subscriber):
            return None
        # `revert` and not `apply`: a card that is left keeps its keys, for the way back.
        answer = self._of(former).revert(uuid5(operation.operation_id, "leave"), former, None)
        return answer if answer.outcome == "rejected" else None

    def _each(
        self, items: Sequence[Any], who: Callable[[Any], Subscriber], call: Many[T]
    ) -> list[T | NetworkUnknown]:
        """Each element is told its share, all of them at once; the answers in the items' order."""
        shares: dict[str, list[int]] = {}
        for place, item in enumerate(items):
            shares.setdefault(self.element_of(who(item).carrier), []).append(place)

        def tell(name: str) -> Sequence[T | NetworkUnknown]:
            share, element = shares[name], self._elements.get(name)
            if element is None:
                silence = NetworkUnknown("no element is connected for this carrier")
                return [silence] * len(share)
            try:
                return list(call(element, [items[place] for place in share]))
            except NetworkUnknown as silence:
                return [silence] * len(share)

        if len(shares) <= 1:
            answered = [tell(name) for name in shares]
        else:
            with ThreadPoolExecutor(len(shares)) as hands:
                answered = list(hands.map(tell, shares))
        found: dict[int, T | NetworkUnknown] = {}
        for share, answers in zip(shares.values(), answered, strict=True):
            found |= dict(zip(share, answers, strict=True))
        return [found[place] for place in range(len(items))]

"""The network port: how a line's service is changed and read back, whatever stands behind it.

An operation states the whole desired service of a line, not a difference: said twice it is done
once. It carries an id made by the caller before sending, which an element with a memory keeps; one
without (`remembers` is False; a home location register has none) is asked what it holds instead.
So operations of one line go one after the other, which flows see to (docs/network.md).

Each call goes over the network and must never run inside a database transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from keepline.core.network_service import DesiredService, ServiceState

__all__ = [
    "DesiredService",
    "NetworkAnswer",
    "NetworkGateway",
    "NetworkOperation",
    "NetworkOutcome",
    "NetworkRecord",
    "NetworkUnknown",
    "ServiceState",
    "Subscriber",
]

NetworkOutcome = Literal["confirmed", "rejected", "reverted", "not_found"]


class NetworkUnknown(Exception):
    """No answer: the operation may or may not have been applied. The right reaction is `ask`."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who a line is to a network. `line_ref` is our id of the line, as text; stable for its life.

    None says that the line has no such thing, or does not hold it any more. `former`: another
    name that the line may still have there, after a change of number or of SIM; it is left, and
    before the new one is taken: one number is at one SIM.
    """

    line_ref: str
    msisdn: int | None  # E.164 digits; None for a data-only line
    iccid: str | None  # None for a number without a card
    imsi: str | None  # None also where the stock does not know its card's
    former: "Subscriber | None" = None
    carrier: str = (
        ""  # code of the carrier that it is on, where carriers have elements of their own
    )


@dataclass(frozen=True, slots=True)
class NetworkOperation:
    """One change of one line: `desired` shall stand for `subscriber`; None: nothing any more."""

    operation_id: UUID
    subscriber: Subscriber
    desired: DesiredService | None
    order_id: UUID | None = None  # travels along for the network's own logs


@dataclass(frozen=True, slots=True)
class NetworkAnswer:
    """What became of an operation.

    `confirmed`: it stands; `read_back` is the service read from the network afterwards.
    `rejected`: definitively not applied; `code` and `message` say why.
    `reverted`: taken back; `read_back` is the service that stands now, None if the line has none.
    `not_found`: the network does not have it. It may be on its way: sending the same operation
    again, or `revert`, settles it.
    """

    outcome: NetworkOutcome
    read_back: DesiredService | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class NetworkRecord:
    """A line as the network holds it. Fields that it does not keep are None (`keeps`)."""

    msisdn: int | None
    service: DesiredService


class NetworkGateway(Protocol):
    """A network. Every method raises NetworkUnknown, and nothing else, when no answer came."""

    @property
    def name(self) -> str:
        """The word stored beside each operation, e.g. `fake`; never changes."""
        ...

    @property
    def keeps(self) -> frozenset[str]:
        """The fields of DesiredService that it can hold; what is read says nothing of others."""
        ...

    @property
    def remembers(self) -> bool:
        """Whether it knows operations by their ids.

        If so, a repeat gets the first answer, whatever came after it; a rejection stays one; and
        what was reverted is barred from being applied later. If not, `apply` states the service
        anew each time, and `ask` compares what is desired with what stands.
        """
        ...

    def apply(self, operation: NetworkOperation) -> NetworkAnswer:
        """Brings the line to the desired service: confirmed or rejected.

        `reverted` when it was taken back before.
        """
        ...

    def apply_many(
        self, operations: Sequence[NetworkOperation]
    ) -> list[NetworkAnswer | NetworkUnknown]:
        """The same for operations of different lines, in as few exchanges as may be.

        Answers in their order. NetworkUnknown in place of an answer, and never raised.
        """
        ...

    def ask(self, operation: NetworkOperation) -> NetworkAnswer:
        """What became of an operation; changes nothing. `desired` is as it was sent."""
        ...

    def ask_many(
        self, operations: Sequence[NetworkOperation]
    ) -> list[NetworkAnswer | NetworkUnknown]:
        """The same for operations of different lines, as `apply_many` answers."""
        ...

    def revert(
        self, operation_id: UUID, subscriber: Subscriber, standing: DesiredService | None
    ) -> NetworkAnswer:
        """Takes an operation back, applied or not: `reverted`, also on a repeat.

        `subscriber` and `standing` are what the books say without it (None: nothing); the network
        holds exactly that afterwards, read back. `rejected` when it cannot hold it.
        """
        ...

    def read(self, subscriber: Subscriber) -> NetworkRecord | None:
        """The line as the network holds it now; None for one that has nothing there."""
        ...

    def read_many(
        self, subscribers: Sequence[Subscriber]
    ) -> Sequence[NetworkRecord | NetworkUnknown | None]:
        """The same for many, in their order, in as few exchanges as may be. Where there are several
        elements, NetworkUnknown stands in the place of each line whose own was silent."""
        ...

    def complaints(self) -> list[str]:
        """What keeps it from working, in sentences for an operator; nothing when it answers."""
        ...

"""The porting port: numbers go from one operator to another through a clearing house.

The operator that has the number is the donor, the one that it goes to the recipient. The recipient
asks, with the code that the donor gave the holder; the donor validates and says when; at that
instant the recipient cuts over, and from then on the clearing house's word says whose the number
is. docs/gateways/porting.md has the messages.

Each call is one network call and must never run inside a database transaction. All of them may be
repeated: a porting has one id, made and stored by the recipient before the first call, and each
call answers with where the porting stands after it, whoever brought it there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, get_args
from uuid import UUID

PortState = Literal[
    "requested",  # the donor has not answered
    "validated",  # the donor agrees; the date is not set yet
    "scheduled",  # both agree; cut over at the date
    "ported",  # the number is the recipient's; final
    "rejected",  # the donor, or the clearing house, said no; final
    "cancelled",  # one of both took it back before the cut-over; final
    "returned",  # the recipient gave it back after the cut-over: it is the donor's again; final
    "not_found",  # the clearing house never saw it
]
RejectReason = Literal[
    "number_unknown",  # no such number, or not with this donor
    "code_refused",  # the code is not right, or not right now: nobody is told which
    "not_portable",  # the code is right; the number is locked, or its line cannot be moved now
    "already_leaving",  # another porting of the number is on its way
    "other",
]
STATES = get_args(PortState)
REASONS = get_args(RejectReason)


class PortingUnknown(Exception):
    """No answer that can be relied on: the call may or may not have been carried out."""


@dataclass(frozen=True, slots=True)
class PortRequest:
    """A number that shall come to us. `code`: what its donor gave its holder; `holder`: their name
    as the donor has it, "" where donors do not ask."""

    port_id: UUID
    e164: int
    code: str = field(repr=False)
    holder: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Porting:
    """Where one porting stands. Operators are called as the clearing house calls them.

    `reason`: of a rejection, else "". `cut_over_at`: aware UTC; there from `scheduled` on.
    """

    port_id: UUID
    e164: int
    state: PortState
    donor: str = ""
    recipient: str = ""
    reason: RejectReason | Literal[""] = ""
    cut_over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A recipient wants a number that is ours, and waits for our word."""

    porting: Porting
    code: str = field(repr=False)
    holder: str = field(default="", repr=False)


class ClearingHouse(Protocol):
    """A clearing house. Every method raises PortingUnknown, and nothing else, when nothing is
    certain; a state or reason that is none of the above is not certain either."""

    @property
    def name(self) -> str:
        """The word stored beside what it confirmed, e.g. `bridge`; never changes."""
        ...

    def request(self, request: PortRequest) -> Porting:
        """As recipient: asks for a number."""
        ...

    def cut_over(self, port_id: UUID) -> Porting:
        """As recipient: the number is ours from now on. Before its date it stays `scheduled`."""
        ...

    def requests(self) -> Sequence[Asked]:
        """As donor: what waits for our word, the oldest first; not all of it at once."""
        ...

    def accept(self, port_id: UUID, cut_over_at: datetime) -> Porting:
        """As donor: the number may go, at this instant or after it."""
        ...

    def reject(self, port_id: UUID, reason: RejectReason) -> Porting:
        """As donor: it may not."""
        ...

    def cancel(self, port_id: UUID) -> Porting:
        """As either: it shall not be. A porting that is cut over stays `ported`."""
        ...

    def return_number(self, port_id: UUID) -> Porting:
        """As recipient: the number shall be the donor's again. One that is not yet, or cannot be,
        stays `ported`."""
        ...

    def ask(self, port_id: UUID) -> Porting:
        """Where it stands; `not_found` for one that the clearing house never saw."""
        ...

    def complaints(self) -> list[str]:
        """What keeps it from working, in sentences for an operator; nothing when it answers."""
        ...

"""The network port: how a line's service is changed and read back, whatever stands behind it.

An operation states the whole desired service of a line, not a difference, and carries an id made
by the caller before sending: sent twice it happens once. Each call is one network call and must
never run inside a database transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

ServiceState = Literal["active", "inbound_only", "off"]
NetworkOutcome = Literal["confirmed", "rejected", "reverted", "not_found"]


class NetworkUnknown(Exception):
    """No answer: the operation may or may not have been applied. The right reaction is `ask`."""


@dataclass(frozen=True, slots=True)
class DesiredService:
    """What a line shall be able to do. None: without limit (quantities), without end (until).

    `inbound_only` is grace: calls and SMS come in, nothing goes out. Quantities are totals that
    are left to use: bytes, seconds, messages.
    """

    state: ServiceState
    valid_until: datetime | None
    data_bytes: int | None
    voice_seconds: int | None
    sms_count: int | None


@dataclass(frozen=True, slots=True)
class NetworkOperation:
    """One change of one line. `line_ref` is our id of the line, as text; stable for its life."""

    operation_id: UUID
    line_ref: str
    msisdn: int | None  # E.164 digits; None for a data-only line
    iccid: str | None  # None for a number without a card
    desired: DesiredService
    order_id: UUID | None = None  # travels along for the network's own logs


@dataclass(frozen=True, slots=True)
class NetworkAnswer:
    """What became of an operation.

    `confirmed`: applied; `read_back` is the service read from the network afterwards.
    `rejected`: definitively not applied; `code` and `message` say why.
    `reverted`: taken back; `read_back` is the service that stands now, None if the line has none.
    `not_found`: the network has not seen this operation. It may be on its way: sending the same
    operation again, or `revert`, settles it.
    """

    outcome: NetworkOutcome
    read_back: DesiredService | None = None
    code: str = ""
    message: str = ""


class NetworkGateway(Protocol):
    """A network. Every method raises NetworkUnknown, and nothing else, when no answer came."""

    @property
    def name(self) -> str:
        """The word stored beside each operation, e.g. `fake`; never changes."""
        ...

    def apply(self, operation: NetworkOperation) -> NetworkAnswer:
        """Brings the line to the desired service: confirmed or rejected.

        A repeat returns the first answer. `reverted` when it was taken back before.
        """
        ...

    def ask(self, operation_id: UUID, line_ref: str) -> NetworkAnswer:
        """What became of an operation; changes nothing."""
        ...

    def revert(self, operation_id: UUID, line_ref: str) -> NetworkAnswer:
        """Takes an operation back, applied or not, and bars it from being applied later.

        The line returns to the newest operation that still stands. Answers `reverted`, also on a
        repeat and for an operation never seen.
        """
        ...

    def read(self, line_ref: str) -> DesiredService | None:
        """The service as the network has it now; None for a line unknown to it."""
        ...

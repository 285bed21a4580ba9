"""A way of our own, for tests: it reaches one address of every account and writes ids of events."""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from keepline.core.retries import MESSAGE_PAUSES
from keepline.flows.telling.way import Addressee, Letter
from keepline.gateways.messaging.port import SendResult, Sent


@dataclass
class ScriptedWay:
    """See Way. `open_door`: nothing gets through while it is closed. `answers` come first."""

    channel: str
    to_people: bool = True
    rings: bool = False
    tells_later: bool = False
    encloses: bool = False
    share: int = 4
    threads: int = 2
    pauses = MESSAGE_PAUSES
    kinds: frozenset[str] | None = None
    recipient: str = "endpoint:1"
    zone: str = "UTC"
    answers: list[Sent] = field(default_factory=list)
    sent: list[UUID] = field(default_factory=list)
    open_door: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.open_door.set()

    def is_connected(self) -> bool:
        return True

    def addressees(self, account_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Addressee]]:
        one = Addressee(self.recipient, "there", "en", self.zone, kinds=self.kinds)
        return {account_id: [one] for account_id in account_ids}

    def write(self, letter: Letter) -> UUID:
        return letter.told[0].event.id

    def send_all(self, messages: Sequence[UUID]) -> Sequence[Sent]:
        self.open_door.wait(30)
        results: list[Sent] = []
        for message in messages:
            answer = self.answers.pop(0) if self.answers else SendResult(f"ref-{message}")
            if isinstance(answer, SendResult):
                self.sent.append(message)
            results.append(answer)
        return results

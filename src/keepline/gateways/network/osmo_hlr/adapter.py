"""The network port for osmo-hlr.

Look, change what differs, look again: what is confirmed was read back from the HLR. It has no
memory of operations, so each call states what shall stand and may be repeated at will
(docs/gateways/osmo-hlr.md).
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from keepline.gateways.network.port import (
    DesiredService,
    NetworkAnswer,
    NetworkOperation,
    NetworkRecord,
    NetworkUnknown,
    Subscriber,
)

from .connection import Garbage
from .ctrl import Ctrl, Reply, Request
from .subscription import (
    KEEPS,
    Former,
    Held,
    Refusal,
    Steps,
    Wanted,
    agrees,
    former_of,
    held_of,
    imsi_of,
    msisdn_of,
    steps,
    wanted_of,
)
from .vty import Vty

NO_SUCH: Final = "No such subscriber."
NOT_FOUND: Final = NetworkAnswer("not_found")
NOBODY: Final = "000000"  # a whole IMSI that no card has: country 000 does not exist (E.212)


@dataclass(slots=True)
class _Case:
    """One operation on its way: what is wanted, what was found, what the HLR said of changes."""

    wanted: Wanted
    held: Held | None = None
    owner: Held | None = None  # who has the number
    way: Steps = field(default_factory=lambda: Steps([], []))
    said: list[str] = field(default_factory=list)
    answer: NetworkAnswer | NetworkUnknown | None = None
    former: Former | None = None  # what it was called, when that is something else


class OsmoHlr:
    """One osmo-hlr. Safe to share between threads: each has its own connections."""

    name = "osmo-hlr"
    keeps: Final = KEEPS
    remembers: Final = False

    def __init__(
        self,
        host: str,
        ctrl_port: int = 4259,
        vty_port: int = 4258,
        timeout_s: float = 10.0,
        delete_closed: bool = False,
    ) -> None:
        self._host = host
        self._ctrl_port, self._vty_port = ctrl_port, vty_port
        self._timeout_s = timeout_s
        self._delete_closed = delete_closed
        self._mine = threading.local()

    def apply(self, operation: NetworkOperation) -> NetworkAnswer:
        """See the port."""
        return _heard(self.apply_many([operation])[0])

    def apply_many(
        self, operations: Sequence[NetworkOperation]
    ) -> list[NetworkAnswer | NetworkUnknown]:
        """See the port."""
        return self._bring(
            [(each.subscriber, each.desired, self._delete_closed) for each in operations]
        )

    def ask(self, operation: NetworkOperation) -> NetworkAnswer:
        """See the port."""
        return _heard(self.ask_many([operation])[0])

    def ask_many(
        self, operations: Sequence[NetworkOperation]
    ) -> list[NetworkAnswer | NetworkUnknown]:
        """See the port."""
        cases: list[_Case | None] = []
        for each in operations:
            try:
                cases.append(_Case(wanted_of(each.subscriber, each.desired, self._delete_closed)))
            except Refusal:
                cases.append(None)  # apply says why
        try:
            self._look([case for case in cases if case is not None])
        except NetworkUnknown as silence:
            return [NOT_FOUND if case is None else silence for case in cases]
        return [
            _standing(case) if case is not None and agrees(case.held, case.wanted) else NOT_FOUND
            for case in cases
        ]

    def revert(
        self, operation_id: UUID, subscriber: Subscriber, standing: DesiredService | None
    ) -> NetworkAnswer:
        """See the port. What was made for the operation rests, but is not deleted: a card that the
        operator put there keeps its keys."""
        del operation_id  # nobody there remembers it
        answer = _heard(self._bring([(subscriber, standing, False)])[0])
        if answer.outcome == "confirmed":
            return NetworkAnswer("reverted", answer.read_back)
        return answer

    def read(self, subscriber: Subscriber) -> NetworkRecord | None:
        """See the port."""
        return self.read_many([subscriber])[0]

    def read_many(self, subscribers: Sequence[Subscriber]) -> list[NetworkRecord | None]:
        """See the port."""
        held = self._infos([_selector(subscriber) for subscriber in subscribers])
        return [None if each is None else each.record for each in held]

    def complaints(self) -> list[str]:
        """See the port."""
        return [*self._complaints_of_ctrl(), *self._complaints_of_vty()]

    def close(self) -> None:
        """Ends this thread's connections."""
        ctrl, vty = self._doors()
        ctrl.close()
        vty.close()

    def _doors(self) -> tuple[Ctrl, Vty]:
        if not hasattr(self._mine, "doors"):
            self._mine.doors = (
                Ctrl(self._host, self._ctrl_port, self._timeout_s),
                Vty(self._host, self._vty_port, self._timeout_s),
            )
        doors: tuple[Ctrl, Vty] = self._mine.doors
        return doors

    def _bring(
        self, wishes: Sequence[tuple[Subscriber, DesiredService | None, bool]]
    ) -> list[NetworkAnswer | NetworkUnknown]:
        """Each wish (who, what, whether to delete) fulfilled, refused or without an answer."""
        cases = self._first_left(wishes)
        open_cases = [case for case in cases if isinstance(case, _Case)]
        try:
            self._look(open_cases)
            self._change([case for case in open_cases if case.answer is None])
        except NetworkUnknown as silence:
            for case in open_cases:
                case.answer = case.answer or silence
        return [_answer_of(case) if isinstance(case, _Case) else case for case in cases]

    def _first_left(
        self, wishes: Sequence[tuple[Subscriber, DesiredService | None, bool]]
    ) -> list[_Case | NetworkAnswer | NetworkUnknown]:
        """The wishes as cases, once what they were called before has been left: a SIM that was
        replaced has neither number nor access any more."""
        cases: list[_Case | NetworkAnswer | NetworkUnknown] = []
        for wish in wishes:
            try:
                cases.append(_Case(wanted_of(*wish), former=former_of(wish[0])))
            except Refusal as refusal:
                cases.append(_rejected(refusal))
        try:
            self._find_former([case for case in cases if isinstance(case, _Case)])
        except NetworkUnknown as silence:
            return [silence if isinstance(case, _Case) else case for case in cases]
        leaving = {
            place: (Subscriber("", None, None, case.former.imsi), None, False)
            for place, case in enumerate(cases)
            if isinstance(case, _Case) and case.former and case.former.imsi != case.wanted.imsi
        }
        answers = self._bring(list(leaving.values())) if leaving else []
        for place, left in zip(leaving, answers, strict=True):
            if isinstance(left, NetworkUnknown) or left.outcome != "confirmed":
                cases[place] = left
        return cases

    def _find_former(self, cases: Sequence[_Case]) -> None:
        """A line whose IMSI nobody knows is the subscriber that has its number, or had it."""
        nameless = [case for case in cases if case.former and case.wanted.imsi is None]
        selectors = [_by(None, case.wanted.msisdn) for case in nameless]
        selectors += [_by(None, case.former.msisdn) for case in nameless if case.former]
        found = self._infos(selectors) if nameless else []
        for case, now, before in zip(nameless, found, found[len(nameless) :], strict=False):
            if now is None and before is not None:
                case.wanted = replace(case.wanted, imsi=before.imsi)
            case.former = None

    def _look(self, cases: Sequence[_Case]) -> None:
        """Finds each subscriber, and who has the number that it should have."""
        wishes = [case.wanted for case in cases]
        selectors = [_by(wanted.imsi, wanted.msisdn) for wanted in wishes]
        selectors += ["" if wanted.keeps_number else _by(None, wanted.msisdn) for wanted in wishes]
        found = self._infos(selectors)
        for case, held, owner in zip(cases, found, found[len(cases) :], strict=False):
            case.held, case.owner = held, owner

    def _infos(self, selectors: Sequence[str]) -> list[Held | None]:
        """Whom the HLR has by each selector; nobody by an empty one, for which it is not asked."""
        ctrl, _ = self._doors()
        asked = [Request(f"subscriber.{each}.info") for each in selectors if each]
        replies = iter(ctrl.exchange(asked))
        return [_held(next(replies)) if each else None for each in selectors]

    def _change(self, cases: Sequence[_Case]) -> None:
        """What differs is changed, and read back."""
        changed = []
        for case in cases:
            try:
                _refuse_foreign_number(case)
                case.way = steps(case.held, case.wanted)
            except Refusal as refusal:
                case.answer = _rejected(refusal)
                continue
            if case.way.at_once or case.way.quietly:
                changed.append(case)
            else:
                case.answer = _standing(case)
        self._say(changed)
        self._look(changed)
        for case in changed:
            case.answer = _outcome(case)

    def _say(self, cases: Sequence[_Case]) -> None:
        """First what takes access away and reaches phones at once, then what gives it."""
        ctrl, vty = self._doors()
        for case in cases:
            case.said += [text for text in vty.run(case.way.at_once) if text]
        replies = iter(ctrl.exchange([each for case in cases for each in case.way.quietly]))
        for case in cases:
            answers = [next(replies) for _ in case.way.quietly]
            case.said += [reply.text for reply in answers if not reply.ok]

    def _complaints_of_ctrl(self) -> list[str]:
        ctrl, _ = self._doors()
        try:
            reply = ctrl.exchange([Request(f"subscriber.by-imsi-{NOBODY}.info")])[0]
        except NetworkUnknown as silence:
            sentence = (
                f"osmo-hlr's control interface gives no answer ({silence}): does it run, and does "
                "`ctrl` in its configuration bind an address that this machine reaches?"
            )
            return [sentence]
        if reply.ok or reply.text == NO_SUCH:
            return []
        return [f"What answers at KEEPLINE_HLR_CTRL_PORT is no osmo-hlr: {reply.text[:80]!r}."]

    def _complaints_of_vty(self) -> list[str]:
        _, vty = self._doors()
        try:
            vty.run(["show version"])
        except NetworkUnknown as silence:
            sentence = (
                f"osmo-hlr's telnet interface gives no answer ({silence}): does `line vty` in its "
                "configuration bind an address that this machine reaches, without a password?"
            )
            return [sentence]
        return []


def _heard(answer: NetworkAnswer | NetworkUnknown) -> NetworkAnswer:
    if isinstance(answer, NetworkUnknown):
        raise answer
    return answer


def _answer_of(case: _Case) -> NetworkAnswer | NetworkUnknown:
    assert case.answer is not None
    return case.answer


def _rejected(refusal: Refusal) -> NetworkAnswer:
    return NetworkAnswer("rejected", None, refusal.code, str(refusal))


def _standing(case: _Case) -> NetworkAnswer:
    record = None if case.held is None else case.held.record
    return NetworkAnswer("confirmed", None if record is None else record.service)


def _refuse_foreign_number(case: _Case) -> None:
    if case.owner is not None and case.owner.imsi != case.wanted.imsi:
        raise Refusal("msisdn_taken", "the HLR has this number under another IMSI")


def _outcome(case: _Case) -> NetworkAnswer | NetworkUnknown:
    """What the second look says. An HLR that will not, though it could, is as good as silent:
    it may be short of disk, and holders shall not be told no for that."""
    if agrees(case.held, case.wanted):
        return _standing(case)
    try:
        _refuse_foreign_number(case)
    except Refusal as refusal:
        return _rejected(refusal)
    return NetworkUnknown(f"osmo-hlr did not do it: {'; '.join(case.said) or 'it says nothing'}")


def _by(imsi: str | None, msisdn: str | None) -> str:
    """How the HLR finds a subscriber; empty without a name."""
    if imsi is not None:
        return f"by-imsi-{imsi}"
    return "" if msisdn is None else f"by-msisdn-{msisdn}"


def _selector(subscriber: Subscriber) -> str:
    """The same, to read; empty as well for names that no HLR takes."""
    try:
        return _by(imsi_of(subscriber), msisdn_of(subscriber))
    except Refusal:
        return ""


def _held(reply: Reply) -> Held | None:
    if reply.ok:
        try:
            return held_of(reply.text)
        except Garbage as garbage:
            raise NetworkUnknown(str(garbage)) from garbage
    if reply.text == NO_SUCH:
        return None
    raise NetworkUnknown(f"osmo-hlr cannot look: {reply.text[:80]!r}")

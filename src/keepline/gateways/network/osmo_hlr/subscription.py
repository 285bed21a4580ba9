"""What the HLR holds of a subscriber, what it should hold, and the way from one to the other.

Pure: nothing here speaks to the HLR. Only digits that were looked at here reach its wires.
"""

import re
from dataclasses import dataclass
from typing import Final

from keepline.core.network_service import DesiredService, ServiceState
from keepline.gateways.network.port import NetworkRecord, Subscriber

from .connection import Garbage
from .ctrl import Request

KEEPS: Final = frozenset({"state"})
IMSI: Final = re.compile(r"[0-9]{6,15}")  # as the HLR takes them; 3GPP TS 23.003, 2.2
MSISDN: Final = re.compile(r"[0-9]{1,15}")  # ITU-T E.164


class Refusal(Exception):
    """The HLR cannot hold this, and was or need not be asked. `code` is the answer's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Access:
    """Calls and SMS (circuit switched), data (packet switched)."""

    cs: bool
    ps: bool

    @property
    def mode(self) -> str:
        """The telnet interface's word for both."""
        return "+".join(name for name, on in (("cs", self.cs), ("ps", self.ps)) if on) or "none"


NO_ACCESS: Final = Access(cs=False, ps=False)
# The HLR knows no barring of outgoing calls, so grace leaves calls and SMS both ways on, data off.
ACCESS: Final[dict[ServiceState, Access]] = {
    "active": Access(cs=True, ps=True),
    "inbound_only": Access(cs=True, ps=False),
    "off": NO_ACCESS,
}
STATE: Final[dict[Access, ServiceState]] = {access: state for state, access in ACCESS.items()}


@dataclass(frozen=True, slots=True)
class Held:
    """A subscriber as the HLR tells of it."""

    imsi: str
    msisdn: str | None
    access: Access

    @property
    def record(self) -> NetworkRecord | None:
        """None for a card that rests: neither access nor a number."""
        if self.msisdn is None and self.access == NO_ACCESS:
            return None
        state = STATE.get(self.access, "other")
        number = None if self.msisdn is None else int(self.msisdn)
        return NetworkRecord(number, DesiredService(state, None, None, None, None))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscriber as it should be. Without an IMSI it is found by its number, which then stays.

    `nothing`: neither access nor number; whether there is such a subscriber makes no difference,
    but with `deleted` there shall be none.
    """

    imsi: str | None
    msisdn: str | None
    access: Access
    nothing: bool = False
    deleted: bool = False

    @property
    def keeps_number(self) -> bool:
        """Whether the number is how it is found, so that it cannot be changed as well."""
        return self.imsi is None


def wanted_of(subscriber: Subscriber, desired: DesiredService | None, delete: bool) -> Wanted:
    """`delete`: where nothing is desired, not even the card stays. Raises Refusal."""
    imsi, msisdn = imsi_of(subscriber), msisdn_of(subscriber)
    if desired is None:
        number = msisdn if imsi is None else None
        return Wanted(imsi, number, NO_ACCESS, nothing=True, deleted=delete and imsi is not None)
    if desired.state not in ACCESS:
        raise Refusal("no_such_service", f"an HLR has no access that is {desired.state}")
    if imsi is None and msisdn is None:
        raise Refusal("no_imsi", "an HLR knows a line by its IMSI, and this one has none")
    return Wanted(imsi, msisdn, ACCESS[desired.state])


@dataclass(frozen=True, slots=True)
class Former:
    """What a line was called at the HLR. One without an IMSI is found by its number."""

    imsi: str | None
    msisdn: str | None


def former_of(subscriber: Subscriber) -> Former | None:
    """None where there is nothing to be left. Raises Refusal when the new SIM cannot be told from
    the old one."""
    former = subscriber.former
    if former is None:
        return None
    if subscriber.iccid != former.iccid and subscriber.imsi is None:
        raise Refusal("no_imsi", "the IMSI of the new SIM is not known")
    found = Former(imsi_of(former), msisdn_of(former))
    if subscriber.imsi is not None and found.imsi is None:
        return None  # the HLR never had the old SIM by a name that we know
    return found


def imsi_of(subscriber: Subscriber) -> str | None:
    """Digits, or None without one. Raises Refusal for anything else."""
    return _digits(subscriber.imsi, IMSI, "imsi")


def msisdn_of(subscriber: Subscriber) -> str | None:
    """Digits, or None without one. Raises Refusal for anything else."""
    return _digits(subscriber.msisdn, MSISDN, "msisdn")


def _digits(value: object, shape: re.Pattern[str], what: str) -> str | None:
    text = None if value is None else str(value)
    if text is not None and not shape.fullmatch(text):
        raise Refusal(f"bad_{what}", f"not an {what.upper()} that an HLR takes")
    return text


def agrees(held: Held | None, wanted: Wanted) -> bool:
    """Whether the HLR holds what it should."""
    if held is None:
        return wanted.nothing
    if wanted.deleted or held.access != wanted.access:
        return False
    return wanted.keeps_number or held.msisdn == wanted.msisdn


@dataclass(frozen=True, slots=True)
class Steps:
    """What is to be said: commands that reach an attached phone at once, and then requests."""

    at_once: list[str]
    quietly: list[Request]


def steps(held: Held | None, wanted: Wanted) -> Steps:
    """From what is held to what is wanted; nothing to say where they agree.

    Access is taken first and given last: in between, nobody has more than one of both. Raises
    Refusal for a subscriber that is not there and cannot be made.
    """
    if agrees(held, wanted):
        return Steps([], [])
    if held is None:
        return Steps([], _making(wanted))
    at_once = []
    loses = (held.access.cs > wanted.access.cs) or (held.access.ps > wanted.access.ps)
    name = f"subscriber imsi {held.imsi}"
    if loses:
        at_once.append(f"{name} update network-access-mode {wanted.access.mode}")
    if held.msisdn != wanted.msisdn and not wanted.keeps_number:
        at_once.append(f"{name} update msisdn {wanted.msisdn or 'none'}")
    quietly = [] if loses else _giving(held.imsi, held.access, wanted.access)
    if wanted.deleted:
        quietly = [Request("subscriber.delete", held.imsi)]
    return Steps(at_once, quietly)


def _making(wanted: Wanted) -> list[Request]:
    """The HLR makes subscribers with full access: taken away until the number is theirs."""
    if wanted.imsi is None:
        raise Refusal("no_imsi", "the HLR has no such number, and this line's IMSI is not known")
    made = [Request("subscriber.create", wanted.imsi), *_setting(wanted.imsi, NO_ACCESS)]
    if wanted.msisdn is not None:
        made.append(Request(f"subscriber.by-imsi-{wanted.imsi}.msisdn", wanted.msisdn))
    return made + _giving(wanted.imsi, NO_ACCESS, wanted.access)


def _giving(imsi: str, before: Access, after: Access) -> list[Request]:
    setting = zip(_setting(imsi, after), (before.cs, before.ps), (after.cs, after.ps), strict=True)
    return [request for request, had, gets in setting if gets and not had]


def _setting(imsi: str, access: Access) -> list[Request]:
    return [
        Request(f"subscriber.by-imsi-{imsi}.cs-enabled", str(int(access.cs))),
        Request(f"subscriber.by-imsi-{imsi}.ps-enabled", str(int(access.ps))),
    ]


def held_of(info: str) -> Held:
    """Reads the variable `info`: a key, a tab and a value a line. Raises Garbage."""
    pairs = (line.partition("\t") for line in info.splitlines())
    found = {key: value for key, _, value in pairs}
    imsi, msisdn = found.get("imsi", ""), found.get("msisdn")
    flags = found.get("nam_cs"), found.get("nam_ps")
    if (
        not IMSI.fullmatch(imsi)
        or (msisdn is not None and not MSISDN.fullmatch(msisdn))
        or not set(flags) <= {"0", "1"}
    ):
        raise Garbage(f"tells of a subscriber in words that are not known: {info[:200]!r}")
    return Held(imsi, msisdn, Access(flags[0] == "1", flags[1] == "1"))

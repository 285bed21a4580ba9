"""Who is told what by which channel, and when: decided on topics, choices and quiet hours."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

__all__ = [
    "ALL_DAY_MINUTES",
    "ALSO_BY_HAND",
    "ESSENTIAL",
    "GATHERED",
    "GATHERING",
    "GATHERING_OF_MANY",
    "MANY_A_DAY",
    "NOTHING_SAID",
    "TOPIC_OF",
    "TO_CONTACTS",
    "Choices",
    "QuietHours",
    "Topic",
    "channels_for",
    "is_wanted",
    "may_ring_at",
    "may_still_go",
]

ALL_DAY_MINUTES = 24 * 60


class Topic(StrEnum):
    """What a holder chooses channels for. The order is that of the page."""

    SAFETY = "safety"  # somebody acts on number or SIM
    LOSS = "loss"  # a number may be lost, or a renewal failed
    MONEY = "money"  # money that was taken, waits or goes back
    REMINDERS = "reminders"  # a line runs out in some days
    CONFIRMATIONS = "confirmations"  # what was asked is done


# Some channel always tells of these: nobody loses a number or money without hearing of it.
ESSENTIAL = frozenset({Topic.SAFETY, Topic.LOSS, Topic.MONEY})
# These wait for no morning: who is robbed of a number has minutes.
URGENT = frozenset({Topic.SAFETY})

TOPIC_OF: Mapping[str, Topic] = {
    "line.renewed": Topic.CONFIRMATIONS,
    "line.bought": Topic.CONFIRMATIONS,
    "wallet.topped_up": Topic.CONFIRMATIONS,
    "number.reclaimed": Topic.CONFIRMATIONS,
    "line.expiry_near": Topic.REMINDERS,
    "line.renewal_failed": Topic.LOSS,
    "line.charge_failed": Topic.LOSS,
    "line.approval_needed": Topic.LOSS,
    "line.consent_needed": Topic.LOSS,
    "line.expired": Topic.LOSS,
    "line.suspended": Topic.LOSS,
    "line.withdrawal_near": Topic.LOSS,
    "line.withdrawn": Topic.LOSS,
    "number.loss_near": Topic.LOSS,
    "order.in_review": Topic.MONEY,
    "order.cancelled": Topic.MONEY,
    "order.called_off": Topic.MONEY,
    "order.failed": Topic.MONEY,
    "order.withdrawn": Topic.MONEY,
    "order.refunded": Topic.MONEY,
    "order.refunded_to_wallet": Topic.MONEY,
    "order.disputed": Topic.MONEY,
    "order.dispute_won": Topic.MONEY,
    "order.dispute_lost": Topic.MONEY,
    "line.closed": Topic.SAFETY,
    "line.blocked": Topic.SAFETY,
    "line.unblocked": Topic.SAFETY,
    "line.locked": Topic.SAFETY,
    "line.unlocking": Topic.SAFETY,
    "number.change_asked": Topic.SAFETY,
    "number.changed": Topic.SAFETY,
    "number.expected": Topic.SAFETY,
    "number.returned": Topic.SAFETY,
    "sim.swap_asked": Topic.SAFETY,
    "sim.swapped": Topic.SAFETY,
    "carrier.switch_asked": Topic.SAFETY,
    "carrier.switched": Topic.SAFETY,
    "port.asked": Topic.SAFETY,
    "port.revoked": Topic.SAFETY,
    "port.leaving": Topic.SAFETY,
    "port.stayed": Topic.SAFETY,
    "number.ported": Topic.SAFETY,
    "account.claimed": Topic.SAFETY,
    "endpoint.switched_off": Topic.LOSS,
    "identity.verified": Topic.CONFIRMATIONS,
    "identity.refused": Topic.CONFIRMATIONS,
}

# What goes to an e-mail that an import brought, and nobody has shown to be theirs: a number may be
# lost, or somebody acts on it. No amounts.
TO_CONTACTS = frozenset(
    kind
    for kind, topic in TOPIC_OF.items()
    if topic in (Topic.REMINDERS, Topic.LOSS, Topic.SAFETY) and not kind.startswith("endpoint.")
)

# What the clock tells of many lines of an account is gathered into one letter: so long after the
# first of them.
GATHERED = frozenset(
    {
        "line.expiry_near",
        "line.expired",
        "line.suspended",
        "line.withdrawal_near",
        "line.withdrawn",
        "number.loss_near",
        "line.renewal_failed",
        "line.consent_needed",
        "line.renewed",
    }
)
# The same is asked for by hand as well: then who asked is told at once.
ALSO_BY_HAND = frozenset({"line.renewed"})
GATHERING = timedelta(minutes=10)
# Lines of a fleet run out all day long: who had so many letters of a kind within a day gets the
# next when more has come together.
MANY_A_DAY, GATHERING_OF_MANY = 3, timedelta(hours=6)

# Who has said nothing: an SMS costs money and wakes people, so it is kept for what cannot wait.
USUALLY_OFF = frozenset(
    {("sms", topic) for topic in (Topic.MONEY, Topic.REMINDERS, Topic.CONFIRMATIONS)}
)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Minutes of the day, local: from 22:00 (1320) until 07:00 (420). Equal ends: none."""

    from_minute: int
    until_minute: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What one person said: (channel, topic) -> wanted, only where they said something."""

    said: Mapping[tuple[str, Topic], bool] = field(default_factory=dict)
    quiet: QuietHours | None = None


NOTHING_SAID = Choices()


def is_wanted(channel: str, topic: Topic, choices: Choices = NOTHING_SAID) -> bool:
    """What the person said, or what is usual."""
    return choices.said.get((channel, topic), (channel, topic) not in USUALLY_OFF)


def channels_for(
    topic: Topic,
    choices: Choices,
    reachable: Sequence[str],
    failing: Collection[str] = (),
) -> tuple[str, ...]:
    """By which of the channels that reach a person they are told, in that order.

    `failing`: those that lately came back. What is essential is told by all that works when nothing
    that is wanted does, and by all there is when nothing works at all.
    """
    working = [channel for channel in reachable if channel not in failing]
    wanted = [channel for channel in working if is_wanted(channel, topic, choices)]
    if wanted or topic not in ESSENTIAL:
        return tuple(wanted)
    return tuple(working or reachable)


def may_still_go(kind: str, channel: str, choices: Choices) -> bool:
    """Whether a letter that was on its way is still wanted when it is to be sent."""
    topic = TOPIC_OF[kind]
    return topic in ESSENTIAL or is_wanted(channel, topic, choices)


def may_ring_at(now: datetime, topic: Topic, zone: str, quiet: QuietHours | None) -> datetime:
    """When a channel that rings may be used: `now`, or the end of the quiet hours it lies in.

    What is urgent rings at once. Local wall time counts, also on days that lose or gain an hour.
    """
    if quiet is None or topic in URGENT or quiet.from_minute == quiet.until_minute:
        return now
    local = now.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    into = (minute - quiet.from_minute) % ALL_DAY_MINUTES
    if into >= (quiet.until_minute - quiet.from_minute) % ALL_DAY_MINUTES:
        return now
    day = local.date() + timedelta(days=1 if quiet.until_minute <= minute else 0)
    end = time(quiet.until_minute // 60, quiet.until_minute % 60)
    ends_at = datetime.combine(day, end, tzinfo=ZoneInfo(zone)).astimezone(now.tzinfo)
    return max(ends_at, now)

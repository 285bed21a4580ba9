"""Which numbers have rested enough: nobody gets one to which people still write.

A number is released when its quarantine is over and no message came to it for the `quiet_days` of
its last line's policy, counted in whole days of UTC. Each message puts the release off, but in all
for `quiet_days_most` days at most: advertising never ends, and a number must not rest for ever.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from keepline.catalog.queries import policy_values
from keepline.catalog.reading import USUAL_QUIET
from keepline.inventory import resting
from keepline.inventory import services as inventory
from keepline.inventory.resting import LongerRest, Rested
from keepline.lines import queries as lines
from keepline.messages import inbox_queries as inbox


class Released(NamedTuple):
    """How many numbers are free again, and how many rest on."""

    free: int
    put_off: int


class _Rules(NamedTuple):
    days: int
    most: int


# Of a number that came resting from a file, and had no line here.
USUAL = _Rules(USUAL_QUIET["quiet_days"], USUAL_QUIET["quiet_days_most"])


def release_rested(
    now: datetime,
    limit: int,
    accounts: Collection[UUID] | None = None,
    but: Collection[UUID] = (),
) -> Released:
    """Frees at most `limit` numbers, or puts that off. Inside a transaction; four statements at
    most, however many numbers.

    `accounts`: only those they held last (None: everybody's); `but`: not those.
    """
    rested = resting.claim_rested(now, limit, accounts, but)
    longer = _written_to(rested, now)
    resting.rest_on(longer)
    put_off = {each.number.id for each in longer}
    free = [number for number in rested if number.id not in put_off]
    return Released(inventory.release(free, now), len(longer))


def _written_to(rested: Sequence[Rested], now: datetime) -> list[LongerRest]:
    policies = lines.policies_among({each.line_id for each in rested if each.line_id})
    rules = {each.id: _rules(policies.get(each.line_id)) for each in rested if each.line_id}
    asked = [each for each in rested if rules.get(each.id, USUAL).days]
    heard = inbox.last_unclaimed_among([each.e164 for each in asked])
    longer = []
    for number in asked:
        days, most = rules.get(number.id, USUAL)
        longest = number.longest_until or number.until_at + timedelta(days=most)
        last_on = heard.get(number.e164)
        until = min(quiet_at(last_on, days), longest) if last_on else now
        if until > now:
            longer.append(LongerRest(number, until, longest))
    return longer


def _rules(policy_id: int | None) -> _Rules:
    if policy_id is None:
        return USUAL
    values = policy_values(policy_id)
    return _Rules(values.quiet_days, values.quiet_days_most)


def quiet_at(last_on: date, days: int) -> datetime:
    """When so many whole days without a message are over after the day of the last one."""
    return datetime.combine(last_on + timedelta(days=days + 1), time(), UTC)

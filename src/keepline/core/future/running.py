"""Lets the clock run over a base: the sweep's steps on arrays, window by window.

`run` moves a copy of the world; docs/simulate.md tells why windows are at most a day long and
why a wallet's round may end earlier.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from keepline.core.agenda import Step
from keepline.core.future.agendas import PHASES, Agendas
from keepline.core.future.figures import EVENTS, STATES, Figures
from keepline.core.future.paying import payable
from keepline.core.future.periods import DAY, LATE, NONE, Clocks, Periods, next_periods
from keepline.core.future.world import ENDED, FAR, World
from keepline.core.future.zones import Zones
from keepline.core.lifecycle.line import LineState

__all__ = ["Run", "micros", "run"]

Ints = NDArray[np.int64]
Steps = NDArray[np.int8]
ACTIVE, GRACE, SUSPENDED = (
    PHASES.index(state) for state in (LineState.ACTIVE, LineState.GRACE, LineState.SUSPENDED)
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST_TERM = timedelta(days=3700)
MIXER = np.uint64(0x9E3779B97F4A7C15)
TALLIED = {name: place for place, name in enumerate(EVENTS)}


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


class Run:
    """One future being made. `digest` is, a line, a number that tells whole lives apart."""

    def __init__(self, world: World, edges: Sequence[datetime], by_hand_percent: int) -> None:
        self.world, self.edges = world, edges
        self.lines, self.wallets = world.lines.copy(), world.wallets.copy()
        rules = [policy.agenda for policy in world.policies]
        self.agendas = Agendas(rules, int(self.lines.lead.max(initial=-1)))
        anchored = self.lines.anchor_at[self.lines.anchor_at != NONE]
        earliest = EPOCH + timedelta(microseconds=int(anchored.min(initial=micros(world.now))))
        longest = max((fare.term.months for fare in world.fares), default=0)
        self.zones = Zones(
            world.zones,
            min(earliest, world.now) - timedelta(days=400),
            edges[-1] + timedelta(days=31 * longest) + LONGEST_TERM,
        )
        self._from_expiry = _column([p.grace_rule == "from_expiry" for p in world.policies])
        self._quarantine = _column([p.quarantine_days for p in world.policies]) * DAY
        self._fares(world)
        shared = np.bincount(self.lines.wallet, minlength=len(self.wallets.free_minor)) > 1
        self._shared = shared[self.lines.wallet]
        self._clocked = np.flatnonzero(self.lines.at < FAR)
        self._by_hand = self.lines.share < by_hand_percent
        self.digest = np.zeros(len(self.lines), np.uint64)
        buckets = len(edges) - 1
        self._counts = np.zeros((len(EVENTS), buckets), np.int64)
        self._taken = np.zeros((2, len(world.currencies), buckets), np.int64)
        self._states = np.zeros((len(STATES), buckets), np.int64)
        self._released: list[Ints] = [world.resting_until]
        self._bucket = 0

    def _fares(self, world: World) -> None:
        places = {(fare.plan_id, fare.currency): place for place, fare in enumerate(world.fares)}
        self._price = _column([fare.total_minor for fare in world.fares])
        self._target = _column([places[f.target_plan_id, f.currency] for f in world.fares])
        self._on_sale = _column([fare.on_sale for fare in world.fares]).astype(np.bool_)
        self._months = _column([fare.term.months for fare in world.fares])
        self._days = _column([fare.term.days for fare in world.fares])
        self._consent = _column([fare.consent for fare in world.fares]).astype(np.bool_)
        self._alone = _column([fare.alone for fare in world.fares]).astype(np.bool_)

    def finish(self, reached: Callable[[int, int], None]) -> Figures:
        """Runs to the last edge; `reached` is told buckets done, of how many."""
        self._window(micros(self.world.now) + 1)  # what is overdue
        buckets = len(self.edges) - 1
        for self._bucket in range(buckets):
            start, end = micros(self.edges[self._bucket]), micros(self.edges[self._bucket + 1])
            for until in [*range(start + DAY, end, DAY), end]:
                self._window(until)
            phases = np.bincount(self.lines.phase[self._clocked], minlength=ENDED)
            self._states[:, self._bucket] = phases[[ACTIVE, GRACE, SUSPENDED]]
            self._states[0, self._bucket] += phases[PHASES.index(LineState.PAUSED)]
            reached(self._bucket + 1, buckets)
        return self._figures()

    def _window(self, until: int) -> None:
        """Does everything that is due before `until`, which is at most a day away."""
        now_least, lines = micros(self.world.now), self.lines
        while len(rows := np.flatnonzero(lines.at < until)):
            now = np.maximum(lines.at[rows], now_least)
            steps = lines.step[rows]
            renewing = (steps == Step.RENEW) | (steps == Step.RENEW_ALONE)
            self._renew(rows[renewing], now[renewing], until)
            reminding = steps == Step.REMIND
            self._remind(rows[reminding], now[reminding])
            self._change(rows[~renewing & ~reminding], now[~renewing & ~reminding])

    def _renew(self, rows: Ints, now: Ints, until: int) -> None:
        lines = self.lines
        fare = lines.fare[rows]
        willing = lines.auto_renew[rows]
        priced = willing & (fare >= 0) & ~self._consent[fare]
        self._tally("consent", rows[willing & ~priced])
        self._try_later(rows[~priced], now[~priced])
        rows, now = rows[priced], now[priced]
        if not len(rows):
            return
        price = self._price[lines.fare[rows]]
        periods = self._periods(rows, now)
        at, step = self.agendas.first(self._rows(rows, ACTIVE), periods.end_at, now)
        waits = self._waits(rows, now, at, step, until)
        pays = self._pay(rows, now, price, waits)
        self._tally("renewed", rows[pays])
        self._take(0, rows[pays], price[pays])
        short = ~pays & ~waits
        self._tally("short", rows[short])
        self._try_later(rows[short], now[short])
        self._live_on(rows, pays, periods, at, step)

    def _waits(self, rows: Ints, now: Ints, at: Ints, step: Steps, until: int) -> NDArray[np.bool_]:
        """Lines whose wallet has, before them, a second try of another line in this window."""
        again = (step == Step.RENEW) & (at < until) & self._shared[rows]
        if not again.any():
            return np.zeros(len(rows), np.bool_)
        wallets = self.lines.wallet
        stop = np.full(len(self.wallets.free_minor), FAR, np.int64)
        np.minimum.at(stop, wallets[rows[again]], at[again])
        return now >= stop[wallets[rows]]

    def _pay(
        self, rows: Ints, now: Ints, price: Ints, waits: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        lines, free = self.lines, self.wallets.free_minor
        wallet, shared = lines.wallet[rows], self._shared[rows]
        pays = ~shared & (price <= free[wallet])
        free[wallet[pays]] -= price[pays]
        many = np.flatnonzero(shared & ~waits)
        if len(many):
            own = rows[many]
            alone = self._alone[lines.fare[own]] | (lines.phase[own] != ACTIVE)
            pays[many] = payable(
                wallet[many], now[many], alone, lines.at[own], lines.place[own], price[many], free
            )
        return pays

    def _periods(self, rows: Ints, now: Ints) -> Periods:
        lines, fare = self.lines, self.lines.fare[rows]
        clocks = Clocks(
            lines.valid_until[rows],
            lines.anchor_at[rows],
            lines.anchor_count[rows],
            lines.zone[rows],
            self._months[fare],
            self._days[fare],
            self._from_expiry[lines.policy[rows]].astype(np.bool_),
        )
        return next_periods(self.zones, clocks, now)

    def _live_on(
        self, rows: Ints, pays: NDArray[np.bool_], periods: Periods, at: Ints, step: Steps
    ) -> None:
        lines, own = self.lines, rows[pays]
        lines.valid_until[own] = periods.end_at[pays]
        lines.anchor_at[own] = periods.anchor_at[pays]
        lines.anchor_count[own] = periods.anchor_count[pays]
        lines.since_at[own] = NONE
        lines.phase[own] = ACTIVE
        lines.fare[own] = self._target[lines.fare[own]]
        lines.at[own], lines.step[own] = at[pays], step[pays]

    def _try_later(self, rows: Ints, now: Ints) -> None:
        """One try stands for all that were due."""
        done = np.full(len(rows), Step.RENEW, np.int8)
        self._plan_after(rows, now, done, now)

    def _plan_after(self, rows: Ints, done_at: Ints, done: Steps, now: Ints) -> None:
        lines = self.lines
        row = self._rows(rows, lines.phase[rows])
        at, step = self.agendas.after(row, self._starts(rows), done_at, done, now)
        lines.at[rows], lines.step[rows] = at, step

    def _remind(self, rows: Ints, now: Ints) -> None:
        lines = self.lines
        worth = np.ones(len(rows), np.bool_)
        late = np.flatnonzero(now > lines.at[rows])
        if len(late):
            own = rows[late]
            row = self._rows(own, lines.phase[own])
            worth[late] = ~self.agendas.is_stale_reminder(
                row, self._starts(own), lines.at[own], now[late]
            )
        self._tally("reminded", rows[worth])
        self._plan_after(rows, lines.at[rows], lines.step[rows], now)

    def _change(self, rows: Ints, now: Ints) -> None:
        """Ends phases; of lines whose phase became longer since it was planned, plans it anew."""
        lines = self.lines
        phase = lines.phase[rows]
        row = self._rows(rows, phase)
        planned, _ = self.agendas.after(
            row, self._starts(rows), np.full(len(rows), FAR), np.full(len(rows), 9, np.int8), now
        )
        early = planned > now
        if early.any():
            at, step = self.agendas.first(row[early], self._starts(rows[early]), now[early])
            lines.at[rows[early]], lines.step[rows[early]] = at, step
            rows, now, phase, planned = rows[~early], now[~early], phase[~early], planned[~early]
        since = np.where(now - planned <= LATE, planned, now)
        expiring = phase < GRACE
        fare = lines.fare[rows]
        paying = expiring & self._by_hand[rows] & (fare >= 0) & self._on_sale[fare]
        self._renew_by_hand(rows[paying], now[paying])
        self._enter(rows, since, now, expiring & ~paying, GRACE, "expired")
        self._enter(rows, since, now, phase == GRACE, SUSPENDED, "suspended")
        self._withdraw(rows[phase == SUSPENDED], now[phase == SUSPENDED])

    def _enter(
        self, rows: Ints, since: Ints, now: Ints, which: NDArray[np.bool_], phase: int, event: str
    ) -> None:
        lines, own = self.lines, rows[which]
        self._tally(event, own)
        lines.phase[own], lines.since_at[own] = phase, since[which]
        at, step = self.agendas.first(self._rows(own, phase), since[which], now[which])
        lines.at[own], lines.step[own] = at, step

    def _renew_by_hand(self, rows: Ints, now: Ints) -> None:
        if not len(rows):
            return
        periods = self._periods(rows, now)
        at, step = self.agendas.first(self._rows(rows, ACTIVE), periods.end_at, now)
        self._tally("renewed_by_hand", rows)
        self._take(1, rows, self._price[self.lines.fare[rows]])
        self._live_on(rows, np.ones(len(rows), np.bool_), periods, at, step)

    def _withdraw(self, rows: Ints, now: Ints) -> None:
        lines = self.lines
        self._tally("withdrawn", rows)
        lines.phase[rows], lines.step[rows], lines.at[rows] = ENDED, 0, FAR
        rests = self._quarantine[lines.policy[rows]]
        self._mix(rows, now + rests)
        self._released.append((now + rests)[lines.numbered[rows]])

    def _rows(self, rows: Ints, phase: "Steps | int") -> Ints:
        lines = self.lines
        return self.agendas.row(
            lines.policy[rows],
            np.asarray(phase, np.int64),
            lines.auto_renew[rows].astype(np.int64),
            lines.lead[rows],
        )

    def _starts(self, rows: Ints) -> Ints:
        lines = self.lines
        counts_since = lines.phase[rows] >= GRACE
        return np.where(counts_since, lines.since_at[rows], lines.valid_until[rows])

    def _tally(self, event: str, rows: Ints) -> None:
        self._counts[TALLIED[event], self._bucket] += len(rows)
        self._mix(rows, self.lines.at[rows] * len(EVENTS) + TALLIED[event])

    def _mix(self, rows: Ints, what: Ints) -> None:
        self.digest[rows] = (self.digest[rows] ^ what.astype(np.uint64)) * MIXER

    def _take(self, whose: int, rows: Ints, price: Ints) -> None:
        currency = self.wallets.currency[self.lines.wallet[rows]]
        np.add.at(self._taken[whose, :, self._bucket], currency, price)

    def _figures(self) -> Figures:
        released = np.maximum(np.concatenate(self._released), micros(self.world.now))
        edges = np.array([micros(edge) for edge in self.edges], np.int64)
        place = np.searchsorted(edges, released, side="right") - 1
        place = place[(place >= 0) & (place < len(edges) - 1)]
        self._counts[TALLIED["released"]] = np.bincount(place, minlength=len(edges) - 1)
        taken, by_hand = (
            {
                currency: self._taken[whose, place].tolist()
                for place, currency in enumerate(self.world.currencies)
                if self._taken[whose, place].any()
            }
            for whose in (0, 1)
        )
        return Figures(
            edges=list(self.edges),
            lines=len(self._clocked),
            counts={name: self._counts[place].tolist() for name, place in TALLIED.items()},
            taken=taken,
            by_hand=by_hand,
            states={name: self._states[place].tolist() for place, name in enumerate(STATES)},
        )


def _column(values: Sequence[int]) -> Ints:
    """An array that may be asked for place -1 even when there is nothing in it."""
    return np.array([*values] or [0], np.int64)


def run(
    world: World,
    edges: Sequence[datetime],
    by_hand_percent: int = 0,
    reached: Callable[[int, int], None] = lambda _done, _of: None,
) -> tuple[Figures, NDArray[np.uint64]]:
    """The figures between `edges` (the first is world.now), and each line's digest."""
    going = Run(world, edges, by_hand_percent)
    figures = going.finish(reached)
    return figures, going.digest

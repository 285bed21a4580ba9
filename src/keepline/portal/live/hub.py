"""Who watches what, and what they are told.

One connection to the database listens for all of them. At each piece of news those whom it concerns
are asked about once more, and all of them every CHECK_EVERY_S: one query each, however many watch.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
import structlog

from keepline.accounts.watching import Pass
from keepline.messages.inbox import NEWS

log = structlog.get_logger(__name__)
CHECK_EVERY_S = 2.0
AGAIN_AFTER_S = 1.0  # the database went away
PAGES_A_PERSON = 20  # open at once; one more ends the oldest

StillGood = Callable[[Sequence[Pass]], Awaitable[set[Pass]]]


@dataclass(eq=False)
class Watcher:
    """One open page. `line_id`: of one line, None for all of the account's."""

    by: Pass
    line_id: UUID | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    def tell(self) -> None:
        """There is news. Several pieces that nobody has fetched yet are one."""
        self.changed.set()

    def end(self) -> None:
        """The page may watch no longer."""
        self.over = True
        self.changed.set()


class Hub:
    """`database_url`: where news are said. `still_good`: accounts.watching's, off the loop."""

    def __init__(self, database_url: str, still_good: StillGood) -> None:
        self._database_url, self._still_good = database_url, still_good
        self._of_account: dict[UUID, set[Watcher]] = defaultdict(set)
        self._of_person: dict[int, list[Watcher]] = defaultdict(list)

    def enter(self, watcher: Watcher) -> None:
        pages = self._of_person[watcher.by.user_id]
        if len(pages) >= PAGES_A_PERSON:
            pages[0].end()
        pages.append(watcher)
        self._of_account[watcher.by.account_id].add(watcher)

    def leave(self, watcher: Watcher) -> None:
        account_id, user_id = watcher.by.account_id, watcher.by.user_id
        self._of_account[account_id].discard(watcher)
        if not self._of_account[account_id]:
            del self._of_account[account_id]
        if watcher in self._of_person[user_id]:
            self._of_person[user_id].remove(watcher)
        if not self._of_person[user_id]:
            del self._of_person[user_id]

    @property
    def watchers(self) -> list[Watcher]:
        return [each for among in self._of_account.values() for each in among]

    async def listen(self) -> None:
        """Until it is cancelled. What was said while the database was away is made up for."""
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                log.warning("live.database_away", reason=type(error).__name__)
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._database_url, autocommit=True)
        async with connection:
            await connection.execute(f"LISTEN {NEWS}".encode())
            await self.tell(self.watchers)
            async for said in connection.notifies():
                account, line = (UUID(word) for word in said.payload.split())
                among = self._of_account.get(account, set())
                await self.tell([w for w in among if w.line_id in (None, line)])

    async def tell(self, watchers: Iterable[Watcher]) -> None:
        """News for those who may still see it; the others' pages end."""
        for watcher in await self._good(list(watchers)):
            watcher.tell()

    async def check(self) -> None:
        """Until it is cancelled: ends the pages of those who may watch no longer."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            try:
                await self._good(self.watchers)
            except Exception:
                log.exception("live.check_failed")  # nobody can read anything meanwhile either

    async def _good(self, watchers: list[Watcher]) -> list[Watcher]:
        if not watchers:
            return []
        good = await self._still_good([watcher.by for watcher in watchers])
        for watcher in watchers:
            if watcher.by not in good:
                watcher.end()
        return [watcher for watcher in watchers if watcher.by in good]

    def end_all(self) -> None:
        """The program ends; browsers come back by themselves."""
        for watcher in self.watchers:
            watcher.end()

"""Webhooks: stored with the change they tell of, sent until acknowledged.

Standard Webhooks 1.0: headers webhook-id (the same on each copy and each try), webhook-timestamp
(of this try) and webhook-signature (HMAC-SHA256 over id.timestamp.body). Any 2xx acknowledges,
410 ends the tries, anything else is tried again after growing pauses. At least once: a kill
between the acknowledgement and its mark sends once more.
"""

import asyncio
import json
import secrets
import sqlite3
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import httpx
from standardwebhooks import Webhook

from keepline.gateways.loopback import LOOPBACK

from .crash import WEBHOOK_SENT, crash_point

if TYPE_CHECKING:
    from .books import Books, Payment

PAUSES_S: Final = (1, 2, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 18000, 36000, 86400, 86400)
OUT_OF_ORDER_S: Final = 15  # how long an event waits for a younger one to overtake it
ANSWER_TIMEOUT_S: Final = 15
AT_ONCE: Final = 8


def store_event(books: "Books", payment: "Payment", kind: str, **about: str) -> None:
    """Stores one event as the payment's behaviour has it; call inside the change's transaction.

    `about` goes into its data: the refund_id or dispute_id that it tells of.
    """
    behaviour = books.behaviour(payment)
    now = books.settings.clock()
    event_id = f"evt_{secrets.token_hex(12)}"
    wait_s = behaviour.seconds("webhook") + (OUT_OF_ORDER_S if behaviour.out_of_order else 0)
    row = (
        event_id,
        payment["id"],
        kind,
        _body(payment, kind, about, now),
        "lost" if behaviour.webhook_lost else "waiting",
        int(behaviour.out_of_order),
        now + int(wait_s * 1000),
    )
    for _ in range(behaviour.copies):
        books.store.execute(
            "INSERT INTO deliveries (event_id, provider_id, kind, body, state, held, due_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            row,
        )


def _body(payment: "Payment", kind: str, about: dict[str, str], now_ms: int) -> str:
    data = {
        "id": payment["id"],
        "payment_id": payment["payment_id"],
        "order_id": payment["order_id"],
        "status": payment["status"],
        "amount_minor": payment["amount_minor"],
        "currency": payment["currency"],
        "captured_minor": payment["captured_minor"],
        "refunded_minor": payment["refunded_minor"],
        "decline_code": payment["decline_code"],
        **about,
    }
    occurred_at = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat()
    return json.dumps({"type": kind, "timestamp": occurred_at, "data": data}, ensure_ascii=False)


class Sender:
    """Sends what is due, several at once. One per provider."""

    def __init__(self, books: "Books") -> None:
        self.books = books
        self.wake = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Works until cancelled; looks at least every half second."""
        async with httpx.AsyncClient(timeout=ANSWER_TIMEOUT_S, **LOOPBACK) as client:
            while True:
                self.wake.clear()
                for row in self._due():
                    task = asyncio.create_task(self._send(client, row))
                    self._under_way[row["seq"]] = task
                    task.add_done_callback(partial(self._landed, row["seq"]))
                try:
                    await asyncio.wait_for(self.wake.wait(), 0.5)
                except TimeoutError:
                    continue

    def _landed(self, seq: int, task: asyncio.Task[None]) -> None:
        del self._under_way[seq]
        if not task.cancelled():
            task.result()  # a defect of the sender must not be silent
        self.wake.set()

    def _due(self) -> list[sqlite3.Row]:
        room = AT_ONCE - len(self._under_way)
        rows = self.books.store.execute(
            "SELECT * FROM deliveries WHERE state = 'waiting' AND due_at <= ?"
            " ORDER BY due_at, seq LIMIT ?",
            (self.books.settings.clock(), AT_ONCE * 2),
        ).fetchall()
        return [row for row in rows if row["seq"] not in self._under_way][:room]

    async def _send(self, client: httpx.AsyncClient, row: sqlite3.Row) -> None:
        try:
            answer = await client.post(
                self.books.settings.webhook_url,
                content=row["body"].encode(),
                headers=self._headers(row),
            )
            outcome = str(answer.status_code)
        except httpx.HTTPError as error:
            outcome = type(error).__name__
        if outcome.startswith("2"):
            crash_point(WEBHOOK_SENT)
        self._mark(row, outcome)

    def _headers(self, row: sqlite3.Row) -> dict[str, str]:
        sent_at = datetime.fromtimestamp(self.books.settings.clock() // 1000, UTC)
        signer = Webhook(self.books.settings.webhook_secret)
        return {
            "content-type": "application/json",
            "user-agent": "keepline-sandbox-provider/1",
            "webhook-id": row["event_id"],
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": signer.sign(row["event_id"], sent_at, row["body"]),
        }

    def _mark(self, row: sqlite3.Row, outcome: str) -> None:
        now = self.books.settings.clock()
        attempts = row["attempts"] + 1
        if outcome.startswith("2"):
            state = "delivered"
        elif outcome == "410" or attempts > len(PAUSES_S):
            state = "given_up"
        else:
            state = "waiting"
        pause_s = PAUSES_S[min(attempts, len(PAUSES_S)) - 1]
        self.books.store.execute(
            "UPDATE deliveries SET state = ?, attempts = ?, due_at = ?, last_answer = ?"
            " WHERE seq = ?",
            (state, attempts, now + pause_s * 1000, outcome, row["seq"]),
        )
        if state == "delivered":  # whoever let this one overtake may go now
            self.books.store.execute(
                "UPDATE deliveries SET held = 0, due_at = ? WHERE held = 1 AND seq < ?"
                " AND state = 'waiting'",
                (now, row["seq"]),
            )

"""Payments at the provider: opened once, ended once, each end with its webhook.

A payment is pending until it is captured, declined or expired; all three are final. The change
and its webhook are stored in one transaction, so a kill can separate neither.
"""

import json
import secrets
import sqlite3
from collections.abc import Callable

from .behaviour import Behaviour, merged
from .crash import PAYMENT_CAPTURED, PAYMENT_STORED, crash_point
from .deliveries import store_event
from .magic import magic_behaviour
from .requests import OpenBody, RequestRefused
from .settings import ProviderSettings
from .store import transaction

Payment = sqlite3.Row


class Books:
    """Reads and writes payments. `on_event` wakes the sender of webhooks."""

    def __init__(
        self,
        store: sqlite3.Connection,
        settings: ProviderSettings,
        on_event: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.settings = settings
        self.on_event = on_event

    def find(self, reference: str) -> Payment | None:
        """A payment by the provider's id or by the seller's."""
        row: Payment | None = self.store.execute(
            "SELECT * FROM payments WHERE id = ?1 OR payment_id = ?1", (reference,)
        ).fetchone()
        return row

    def listed(self, from_ms: int, until_ms: int, after: str, limit: int) -> list[Payment]:
        """Payments opened in [from_ms, until_ms), oldest first, after `after` (opened_at:id)."""
        opened_at, _, provider_id = after.partition(":")
        return self.store.execute(
            "SELECT * FROM payments WHERE opened_at >= ? AND opened_at < ?"
            " AND (opened_at, id) > (?, ?) ORDER BY opened_at, id LIMIT ?",
            (from_ms, until_ms, int(opened_at or 0), provider_id, limit),
        ).fetchall()

    def behaviour(self, payment: Payment | None = None) -> Behaviour:
        """The behaviour in force: global, then the amount's, then the payment's own."""
        if payment is None:
            return merged(self.global_behaviour())
        return merged(
            self.global_behaviour(),
            magic_behaviour(payment["amount_minor"]),
            json.loads(payment["behaviour"]),
        )

    def global_behaviour(self) -> dict[str, object]:
        """The partial behaviour set for everything."""
        row = self.store.execute("SELECT content FROM behaviour").fetchone()
        content: dict[str, object] = json.loads(row["content"]) if row else {}
        return content

    def set_behaviour(self, content: dict[str, object], payment: Payment | None = None) -> None:
        """Replaces the behaviour set for everything, or for one payment."""
        text = json.dumps(content)
        if payment is None:
            self.store.execute("INSERT OR REPLACE INTO behaviour VALUES (1, ?)", (text,))
        else:
            self.store.execute(
                "UPDATE payments SET behaviour = ? WHERE id = ?", (text, payment["id"])
            )

    def minutes_until(self, unix_ms: int) -> int:
        """Whole minutes from now on; 0 when it is past."""
        return max(0, (unix_ms - self.settings.clock()) // 60_000)

    def open(self, body: OpenBody) -> Payment:
        """The payment of this key: the one that exists, or a new one.

        Raises RequestRefused 422 when the key came before with another body.
        """
        known = self.find(body.payment_id)
        if known is None:
            known = self._insert(body)
            crash_point(PAYMENT_STORED)
        if known["request"] != body.canonical:
            raise RequestRefused(422, "key_reused", "this key came before with another body")
        return known

    def _insert(self, body: OpenBody) -> Payment:
        now = self.settings.clock()
        provider_id = f"sbx_{secrets.token_hex(12)}"
        with transaction(self.store):
            self.store.execute(
                "INSERT INTO payments (id, payment_id, order_id, request, amount_minor, currency,"
                " description, seller, language, return_url, cancel_url, metadata, opened_at,"
                " expires_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    provider_id,
                    body.payment_id,
                    body.order_id,
                    body.canonical,
                    body.amount_minor,
                    body.currency,
                    body.description,
                    body.metadata.get("seller", self.settings.seller),
                    body.language,
                    body.return_url,
                    body.cancel_url,
                    json.dumps(body.metadata),
                    now,
                    now + self.behaviour().checkout_seconds * 1000,
                ),
            )
        return self._again(provider_id)

    def pay(self, payment: Payment) -> Payment:
        """The payer pays: captured, unless a decline was ordered or the time is over."""
        if payment["expires_at"] <= self.settings.clock():
            return self.expire(payment)
        code = self.behaviour(payment).decline
        if not code and payment["status"] == "pending" and self.take_decline():
            code = "card_declined"
        return self.decline(payment, code) if code else self.capture(payment)

    def capture(self, payment: Payment) -> Payment:
        """Takes the money."""
        after = self._end(payment, "captured", "")
        if after["status"] == "captured" and payment["status"] == "pending":
            crash_point(PAYMENT_CAPTURED)
        return after

    def decline(self, payment: Payment, code: str) -> Payment:
        """Refuses the money, for good."""
        return self._end(payment, "declined", code)

    def expire(self, payment: Payment) -> Payment:
        """Closes an unpaid checkout: its time is over, the payer left, or the seller asked."""
        return self._end(payment, "expired", "")

    def expire_due(self) -> None:
        """Closes every checkout whose time is over."""
        due = self.store.execute(
            "SELECT * FROM payments WHERE status = 'pending' AND expires_at <= ? LIMIT 500",
            (self.settings.clock(),),
        ).fetchall()
        for payment in due:
            self.expire(payment)

    def _end(self, payment: Payment, status: str, code: str) -> Payment:
        """Ends a pending payment; one that has ended stays as it is."""
        captured_minor = payment["amount_minor"] if status == "captured" else 0
        with transaction(self.store):
            changed = self.store.execute(
                "UPDATE payments SET status = ?, captured_minor = ?, decline_code = ?,"
                " closed_at = ? WHERE id = ? AND status = 'pending'",
                (status, captured_minor, code, self.settings.clock(), payment["id"]),
            ).rowcount
            after = self._again(payment["id"])
            if changed:
                store_event(self, after, f"payment.{status}")
        if changed:
            self.on_event()
        return after

    def take_decline(self) -> bool:
        """Whether this payment is one of those that `decline_next` declines; takes one off it."""
        content = self.global_behaviour()
        left = merged(content).decline_next
        if left:
            self.set_behaviour({**content, "decline_next": left - 1})
        return left > 0

    def _again(self, provider_id: str) -> Payment:
        row = self.find(provider_id)
        assert row is not None
        return row

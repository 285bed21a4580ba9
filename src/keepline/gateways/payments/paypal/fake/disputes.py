"""The fake's disputes, as PayPal would show them in full."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from .books import Refusal, instant, new_id

Json = dict[str, Any]
FOR_THE_BUYER: Final = ("RESOLVED_BUYER_FAVOUR", "ACCEPTED")


class Disputes:
    """Opened and decided by tests; `events` are shared with the books."""

    def __init__(self, events: list[tuple[str, Json]]) -> None:
        self.events = events
        self.rows: dict[str, Json] = {}

    def open(self, capture: Json, *, names_us: bool) -> Json:
        """The payer complains about a whole capture. Where `names_us` is false, the transaction
        is without our ids."""
        own = {"custom": capture["custom_id"], "invoice_number": capture["invoice_id"]}
        due = datetime.now(UTC) + timedelta(days=7)
        row = {
            "dispute_id": f"PP-D-{new_id()[:5]}",
            "create_time": instant(),
            "disputed_transactions": [
                {"seller_transaction_id": capture["id"], **(own if names_us else {})}
            ],
            "reason": "UNAUTHORISED",
            "status": "WAITING_FOR_SELLER_RESPONSE",
            "dispute_amount": capture["amount"],
            "seller_response_due_date": due.isoformat(timespec="milliseconds"),
        }
        self.rows[row["dispute_id"]] = row
        self.events.append(("CUSTOMER.DISPUTE.CREATED", row))
        return row

    def find(self, dispute_id: str) -> Json:
        """A dispute, else 404."""
        if dispute_id not in self.rows:
            raise Refusal(404, "RESOURCE_NOT_FOUND")
        return self.rows[dispute_id]

    def of_capture(self, capture_id: str) -> Json:
        """A page of summaries."""
        names = ("dispute_id", "reason", "status", "dispute_amount")
        found = [
            {name: row[name] for name in names}
            for row in self.rows.values()
            if row["disputed_transactions"][0]["seller_transaction_id"] == capture_id
        ]
        return {"items": found, "links": []}

    def holds(self, capture_id: str) -> bool:
        """Whether the payer has, or may get, the money of a capture."""
        return any(
            row["disputed_transactions"][0]["seller_transaction_id"] == capture_id
            and (
                row["status"] != "RESOLVED"
                or row["dispute_outcome"]["outcome_code"] in FOR_THE_BUYER
            )
            for row in self.rows.values()
        )

    def answer(self, dispute_id: str) -> None:
        """Evidence came: PayPal reviews it and awaits no more."""
        row = self.find(dispute_id)
        if row["status"] != "WAITING_FOR_SELLER_RESPONSE":
            raise Refusal(422, "ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")
        row["status"] = "UNDER_REVIEW"
        del row["seller_response_due_date"]

    def decide(self, dispute_id: str, outcome_code: str) -> None:
        """PayPal or the bank decides."""
        row = self.find(dispute_id)
        row["status"] = "RESOLVED"
        row["dispute_outcome"] = {"outcome_code": outcome_code}
        self.events.append(("CUSTOMER.DISPUTE.RESOLVED", row))

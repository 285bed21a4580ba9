"""FakeStripe's disputes: opened and decided by a test, answered once by the seller."""

import time
from typing import Final

from .objects import Refused, found, new
from .store import Json, Store

ANSWER_S: Final = 7 * 24 * 3600
CLOSED: Final = ("won", "lost", "warning_closed", "prevented")


def open_dispute(store: Store, intent: Json, amount: int, status: str) -> Json:
    """The bank asks for money of a charge."""
    charge = found(store, str(intent["latest_charge"]), "charge")
    store.put(charge | {"disputed": True})
    return store.put(
        new(
            "dispute",
            "du",
            amount=amount,
            balance_transactions=[] if status.startswith("warning") else [{"amount": -amount}],
            charge=charge["id"],
            currency=charge["currency"],
            evidence={"uncategorized_text": None},
            evidence_details={"due_by": int(time.time()) + ANSWER_S, "submission_count": 0},
            metadata={},
            payment_intent=intent["id"],
            reason="fraudulent",
            status=status,
        )
    )


def decide(store: Store, dispute: Json, status: str) -> Json:
    """The bank decides; what is won comes back."""
    if dispute["status"] in CLOSED or status not in CLOSED:
        raise Refused(409, f"the dispute is {dispute['status']}")
    booked = dispute["balance_transactions"]
    back = [{"amount": dispute["amount"]}] if booked and status == "won" else []
    return store.put(dispute | {"status": status, "balance_transactions": booked + back})


def answer(store: Store, dispute: Json, call: Json) -> Json:
    """POST /v1/disputes/{id}, which submits at once."""
    if dispute["status"] not in ("needs_response", "warning_needs_response"):
        raise Refused(400, "This dispute can no longer be updated.")
    if call.get("submit") != "true":
        raise Refused(400, "FakeStripe takes evidence only to submit it.", param="submit")
    changed = {
        "evidence": {"uncategorized_text": call["evidence"]["uncategorized_text"]},
        "evidence_details": {**dispute["evidence_details"], "submission_count": 1},
        "status": dispute["status"].replace("needs_response", "under_review"),
    }
    return store.put(dispute | changed)

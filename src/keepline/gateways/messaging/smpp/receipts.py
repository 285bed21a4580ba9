"""Delivery receipts, however an SMSC writes them (SMPP 3.4, appendix B: "vendor specific").

Only the id and the state are read. The dates in it have no zone, and some write YYMMDDhhmm in
letters there: the instant at which the receipt comes is taken instead.
"""

import re
from typing import Final

from keepline.gateways.messaging.inbound import ReceiptState, SmsReceipt

from .address import ReceiptIds

ID: Final = re.compile(r"\bid\s*:\s*([^\s,;]+)", re.IGNORECASE)
STATE: Final = re.compile(r"\bstat(?:e|us)?\s*:\s*([A-Za-z]+)", re.IGNORECASE)
ERROR: Final = re.compile(r"\berr(?:or)?\s*:\s*([0-9A-Za-z]+)", re.IGNORECASE)
LONGEST_ID: Final = 65

# 5.2.28. ENROUTE, ACCEPTED and UNKNOWN end nothing.
STATES: Final = {2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 8: "REJECTD"}
FINAL: Final[dict[str, ReceiptState]] = {
    "DELIVRD": "delivered",
    "DELIVERED": "delivered",
    "EXPIRED": "refused",
    "DELETED": "refused",
    "UNDELIV": "refused",
    "UNDELIVERABLE": "refused",
    "REJECTD": "refused",
    "REJECTED": "refused",
    "FAILED": "refused",
}
# What some answer to every submit_sm, so that it names no message.
NO_IDS: Final = frozenset({"", "msg_id_not_implemented"})


def reference_of(message_id: bytes, receipt_ids: ReceiptIds) -> str:
    """What a submit_sm_resp's message_id is called here; empty when it names nothing.

    Written so that what a receipt says of it is the same: without leading zeros, in small letters,
    in the base that receipts of this SMSC have.
    """
    text = message_id.decode("ascii", "replace").strip()[:LONGEST_ID]
    if text.lower() in NO_IDS:
        return ""
    try:
        if receipt_ids == "decimal":
            return str(int(text, 16))
        if receipt_ids == "hex":
            return f"{int(text):x}"
    except ValueError:
        pass  # not a number after all
    return _simple(text)


def _simple(text: str) -> str:
    return text.lower().lstrip("0") or "0"


def read_receipt(
    text: str, receipted_id: bytes, message_state: int | None, receipt_ids: ReceiptIds
) -> SmsReceipt | None:
    """What a receipt says; None when it names no message or nothing final.

    The optional parameters (5.3.2.12, 5.3.2.35) come first, the text after: where both are there,
    the text is the older invention. `receipted_id` is written as in submit_sm_resp.
    """
    word, number = STATE.search(text), ID.search(text)
    code = STATES.get(message_state or 0, "") or (word[1].upper() if word else "")
    reference = reference_of(receipted_id.rstrip(b"\0"), receipt_ids)
    if not reference and number:
        reference = _simple(number[1][:LONGEST_ID])
    if not reference or code not in FINAL:
        return None
    error = ERROR.search(text)
    more = f" {error[1][:8]}" if error and error[1].strip("0") else ""
    return SmsReceipt(reference, FINAL[code], code + more)

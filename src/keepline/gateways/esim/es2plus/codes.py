"""What subject and reason codes of ES2+ mean to us (SGP.22 5.2.6.1, 5.2.6.2, 5.3.1 to 5.3.4).

The table stands in docs/gateways/es2plus.md, with what to do about each.
"""

import re
from typing import Final

from keepline.gateways.esim.port import RefusalKind

CODE: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,3}", re.ASCII)

KINDS: Final[dict[tuple[str, str], RefusalKind]] = {
    ("8.2.1", "3.9"): "profile_unknown",
    ("8.2.1", "3.3"): "in_use",
    ("8.2.1", "3.5"): "wrong_state",
    ("8.2.1", "1.2"): "not_allowed",
    ("8.2.5", "1.2"): "not_allowed",
    ("8.1.1", "3.10"): "other_device",
    ("8.2.1", "3.10"): "other_device",
    ("8.1.1", "3.9"): "device_unknown",
    ("8.1.1", "2.2"): "device_missing",
    ("8.2.5", "3.9"): "type_unknown",
    ("8.2.5", "3.7"): "type_exhausted",
    ("8.2.5", "3.8"): "type_mismatch",
    ("8.2.6", "2.1"): "matching_id_refused",
    ("8.2.6", "2.2"): "matching_id_refused",
    ("8.2.6", "3.3"): "matching_id_taken",
    ("8.2.6", "3.10"): "other_matching_id",
    ("8.9", "4.2"): "discovery_failed",
    ("8.9", "5.1"): "discovery_failed",
}
BY_CLASS: Final[dict[str, RefusalKind]] = {
    "1": "not_allowed",  # access error
    "2": "malformed",
    "4": "trouble",  # processing error
    "5": "trouble",  # transport error
    "6": "not_allowed",  # security error
}
FUNCTION_REQUESTER: Final = "1.1"


def kind_of(subject_code: str, reason_code: str) -> RefusalKind:
    """The kind of a refusal. Codes nobody told us of are judged by their reason's class."""
    if subject_code == FUNCTION_REQUESTER:
        return "not_allowed"
    known = KINDS.get((subject_code, reason_code))
    return known or BY_CLASS.get(reason_code.split(".", maxsplit=1)[0], "other")

"""A line gets the name that its holder knows it by."""

import unicodedata
from datetime import datetime
from uuid import UUID

from django.db import transaction

from keepline.audit import services as audit
from keepline.flows.errors import FlowRefused
from keepline.lines import services as lines

ACTION = "line.renamed"
LONGEST = 60
CONTROLS = ("Cc", "Cs", "Zl", "Zp")
# They turn the text that follows around: a name could pretend to be another (UTR 36).
TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@transaction.atomic
def rename_line(line_id: UUID, account_id: UUID, label: str, actor: str, now: datetime) -> None:
    """An empty `label` takes the name away. Raises FlowRefused: label_refused, not_found."""
    label = checked(label)
    before = lines.rename(line_id, account_id, label)
    if before is None:
        raise FlowRefused("not_found")
    if before != label:  # the words themselves are the holder's, and audit is kept for ever
        changed = {"changed": ["label"]}
        audit.record(
            ACTION, actor=actor, now=now, account_id=account_id, subject_id=line_id, facts=changed
        )


def checked(label: str) -> str:
    """A label as it is kept. Raises FlowRefused("label_refused")."""
    label = label.strip(" ")
    if len(label) > LONGEST or any(map(_hidden, label)):
        raise FlowRefused("label_refused", longest=LONGEST)
    return label


def _hidden(sign: str) -> bool:
    return unicodedata.category(sign) in CONTROLS or unicodedata.bidirectional(sign) in TURNING

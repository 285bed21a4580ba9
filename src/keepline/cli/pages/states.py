"""docs/states.md: the machines as tables and pictures."""

from typing import Any

from keepline.core.lifecycle.card import CARD
from keepline.core.lifecycle.dispute import DISPUTE
from keepline.core.lifecycle.identity_check import IDENTITY_CHECK
from keepline.core.lifecycle.line import LINE
from keepline.core.lifecycle.machine import Machine
from keepline.core.lifecycle.method import METHOD
from keepline.core.lifecycle.number import NUMBER
from keepline.core.lifecycle.order import ORDER
from keepline.core.lifecycle.payment import PAYMENT
from keepline.core.lifecycle.port_in import PORT_IN
from keepline.core.lifecycle.port_out import PORT_OUT
from keepline.core.lifecycle.profile import PROFILE
from keepline.core.lifecycle.refund import REFUND

HEAD = """# States

Separate machines, each a table in `src/keepline/core/lifecycle/`. A state is written only by
`transition`, which asks the table. This page is made by `keepline docs states`.
"""


def page() -> str:
    """All machines."""
    return HEAD + "".join(
        _machine(each)
        for each in (
            LINE,
            ORDER,
            PAYMENT,
            REFUND,
            DISPUTE,
            METHOD,
            NUMBER,
            CARD,
            PROFILE,
            PORT_OUT,
            PORT_IN,
            IDENTITY_CHECK,
        )
    )


def _machine(machine: Machine[Any, Any]) -> str:
    edges = "".join(f"    {t.source} --> {t.target}: {t.event}\n" for t in machine.transitions)
    ends = "".join(f"    {state} --> [*]\n" for state in sorted(machine.finals))
    rows = "".join(
        f"| {t.source} | {t.event} | {t.target} | {t.note} |\n" for t in machine.transitions
    )
    return (
        f"\n## {machine.name}\n\n```mermaid\nstateDiagram-v2\n    [*] --> {machine.initial}\n"
        f"{edges}{ends}```\n\n| from | event | to | why |\n|---|---|---|---|\n{rows}"
    )

"""`catalog.loaded`: a catalogue file becomes carriers, regions, a policy, plans and prices.

    T  load_preset.load    the whole file, or nothing of it

Loading the same file again changes nothing; a changed plan becomes a new version, and what was
sold under the old one stays as it was.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from keepline.audit import services as audit
from keepline.catalog import services as catalog
from keepline.catalog.reading import (
    SHORTEST_QUARANTINE_DAYS,
    preset_names,
    preset_text,
    read_catalog,
)
from keepline.flows.steps import transaction_step
from keepline.gateways import switchboard
from keepline.ledger import services as ledger

ACTION = "catalog.loaded"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a file: how many plans it has, and which of them are new or changed."""

    name: str
    plans: int
    changed: tuple[str, ...]


def load_preset(
    name: str,
    actor: str,
    now: datetime,
    shortest_quarantine_days: int = SHORTEST_QUARANTINE_DAYS,
) -> Loaded:
    """Loads a shipped catalogue. Raises catalog.reading.CatalogRefused.

    `shortest_quarantine_days`: what the law where the operator's numbers are asks for.
    """
    text = preset_text(name)
    file = read_catalog(name, text, shortest_quarantine_days)
    currencies = sorted({currency for plan in file.plans for currency in plan.prices})
    with transaction_step("load_preset.load"):
        changed = catalog.load(file, hashlib.sha256(text.encode()).hexdigest(), now)
        ledger.open_house_accounts(currencies, switchboard.providers())
        if changed:
            facts = {"preset": name, "changed": changed}
            audit.record(ACTION, actor=actor, now=now, facts=facts)
    return Loaded(name, len(file.plans), tuple(changed))


def shipped() -> list[str]:
    """The names of the shipped catalogues."""
    return preset_names()

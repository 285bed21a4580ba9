"""`pools.loaded`: the operator's file of pools becomes pools of stock.

    T  load_pools.load    the whole file, or nothing of it

Loading it again changes nothing. A changed pool is changed; one that is gone from the file stays.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from keepline.audit import services as audit
from keepline.catalog import queries as catalog
from keepline.flows.steps import transaction_step
from keepline.inventory import pools
from keepline.inventory.pool_file import PoolsRefused, read_pools

ACTION = "pools.loaded"


@dataclass(frozen=True, slots=True)
class LoadedPools:
    """How many pools the file has, and the codes of those that are new or changed."""

    pools: int
    changed: tuple[str, ...]


def load_pools(path: Path, actor: str, now: datetime) -> LoadedPools:
    """Loads the file. Raises inventory.pool_file.PoolsRefused."""
    rows = read_pools(path)
    carriers = catalog.carrier_ids()
    for row in rows:
        if row.carrier and row.carrier not in carriers:
            raise PoolsRefused(f"Pool {row.code}: the catalogue has no carrier {row.carrier}.")
    with transaction_step("load_pools.load"):
        changed = pools.put([(row, carriers.get(row.carrier)) for row in rows])
        if changed:
            audit.record(ACTION, actor=actor, now=now, facts={"changed": changed})
    return LoadedPools(len(rows), tuple(changed))

"""Writes of pools."""

from collections.abc import Iterable

from keepline.inventory.models import Pool
from keepline.inventory.pool_file import PoolRow, PoolsRefused


def put(rows: Iterable[tuple[PoolRow, int | None]]) -> list[str]:
    """Makes pools as a file tells them, with the ids of their carriers; what is new or changed.

    Raises PoolsRefused when a pool would change its kind: what lies in it has one.
    """
    known = {pool.code: pool for pool in Pool.objects.select_for_update()}
    changed = []
    for row, carrier_id in rows:
        pool = known.get(row.code)
        columns = {
            "carrier_id": carrier_id,
            "country": row.country,
            "ranges": [list(each) for each in row.ranges],
            "iccid_prefixes": list(row.iccid_prefixes),
            "imsi_prefixes": list(row.imsi_prefixes),
            "low_count": row.low_count,
            "low_days": row.low_days,
        }
        if pool is None:
            Pool.objects.create(code=row.code, kind=row.kind, **columns)
        elif pool.kind != row.kind:
            raise PoolsRefused(f"Pool {row.code} is one of {pool.kind}s and stays so.")
        elif any(getattr(pool, name) != value for name, value in columns.items()):
            Pool.objects.filter(id=pool.id).update(**columns)
        else:
            continue
        changed.append(row.code)
    return changed

"""Sealed columns are written anew under the first key, some rows at a time, while others write.

A row that is locked is passed over: the next round finds it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import models

from keepline.slots.sealing import SealBroken, Sealer


class Some(NamedTuple):
    """`done`: rows that were sealed anew; `broken`: that no key of ours opens, and were left;
    `last`: the last row that was looked at, to go on from; None when none was left."""

    done: int
    broken: int
    last: Any


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of tokens; "" where nothing is sealed. `sealer` is asked anew for each batch."""

    model: type[models.Model]
    name: str
    sealer: Callable[[], Sealer]

    def reseal(self, after: Any, limit: int) -> Some:
        """Of `limit` rows behind `after` (None: the first), those that are not under the first
        key. In the caller's transaction."""
        rows: models.QuerySet[Any] = self.model._default_manager.exclude(**{self.name: ""})
        if after is not None:
            rows = rows.filter(pk__gt=after)
        locked = rows.select_for_update(no_key=True, skip_locked=True).order_by("pk")[:limit]
        sealer, done, broken, last = self.sealer(), 0, 0, None
        for row in locked:
            last, token = row.pk, getattr(row, self.name)
            if sealer.is_current(token):
                continue
            try:
                setattr(row, self.name, sealer.reseal(token))
            except SealBroken:
                broken += 1
                continue
            row.save(update_fields=[self.name])
            done += 1
        return Some(done, broken, last)

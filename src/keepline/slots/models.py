"""Model and foreign key of sharded tables."""

from collections.abc import Collection
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import Exact
from django.db.models.sql.where import WhereNode

from keepline.core.ids import slot_of, slots_of

ModelT_co = TypeVar("ModelT_co", bound=models.Model, covariant=True)


class SlottedQuerySet(models.QuerySet[ModelT_co]):
    """Finds rows by id alone, yet always names the slot, so that one shard answers."""

    def by_id(self, row_id: UUID) -> ModelT_co:
        """The row with `row_id`; raises the model's DoesNotExist."""
        return self.get(slot=slot_of(row_id), id=row_id)

    def find(self, row_id: UUID) -> ModelT_co | None:
        """The row with `row_id`; None also for an id that is none of ours."""
        try:
            slot = slot_of(row_id)
        except ValueError:
            return None
        return self.filter(slot=slot, id=row_id).first()

    def by_ids(self, slot: int, row_ids: Collection[UUID]) -> Self:
        """Rows of one slot."""
        return self.filter(slot=slot, id__in=row_ids)

    def among(self, row_ids: Collection[UUID], column: str = "id") -> Self:
        """Rows of any slots, whose `column` is one of the ids. One query, or none without ids."""
        if not row_ids:
            return self.none()
        return self.filter(slot__in=slots_of(row_ids), **{f"{column}__in": list(row_ids)})

    def of_order(self, order_id: UUID) -> Self:
        """Rows that belong to an order, in its slot."""
        return self.filter(slot=slot_of(order_id), order_id=order_id)


class SlottedModel(models.Model):
    """A row of an account (or of a number): `slot` is the shard key, `id` tells the slot.

    The database's primary key is (slot, id); Django sees `id` alone, because its admin and
    its relations cannot carry a composite key.
    """

    slot = models.SmallIntegerField(editable=False)
    id = models.UUIDField(primary_key=True, editable=False)

    objects: ClassVar[Any] = SlottedQuerySet.as_manager()

    class Meta:
        abstract = True

    def _do_update(self, base_qs: Any, *args: Any, **kwargs: Any) -> Any:
        # Without the shard key an UPDATE by id runs on every shard. (Django passes positions.)
        return super()._do_update(base_qs.filter(slot=self.slot), *args, **kwargs)


class StatedModel(SlottedModel):
    """A row with a state, whose room has a table of transitions (core/lifecycle)."""

    state = models.CharField(max_length=12)

    class Meta:
        abstract = True

    def transition(self, target: str, **columns: Any) -> bool:
        """Moves the row from the `state` that it was read in to `target`, compare and set, with the
        columns that change along. False when it has left that state; nothing has changed then.

        A room's own `transition` asks its table first, and is the only caller.
        """
        rows = type(self).objects.filter(slot=self.slot, id=self.id, state=self.state)
        if rows.update(state=target, **columns) != 1:
            return False
        for name, value in {"state": target, **columns}.items():
            setattr(self, name, value)
        return True


class SlottedForeignKey(models.ForeignKey[Any, Any]):
    """A reference inside one slot: joins repeat the slot, the database key is composite.

    Hot tables go without a database constraint (a deferred trigger per row costs half as much
    CPU again); the auditor checks those references. Cold tables get theirs in a migration.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("db_constraint", False)
        kwargs.setdefault("on_delete", models.DO_NOTHING)
        kwargs.setdefault("db_index", False)
        super().__init__(*args, **kwargs)

    def get_extra_restriction(self, alias: str | None, related_alias: str) -> WhereNode | None:
        if alias is None:
            return None
        local: Any = self.model._meta.get_field("slot")
        remote: Any = self.related_model._meta.get_field("slot")
        same: Any = Exact(Col(alias, remote, remote), Col(related_alias, local, local))
        return WhereNode([same])

    def get_extra_descriptor_filter(self, instance: models.Model) -> dict[str, int]:
        return {"slot": instance.slot}  # type: ignore[attr-defined]

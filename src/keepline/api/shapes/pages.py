"""One page of a list."""

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from keepline.api.shapes.parts import Shape

Item = TypeVar("Item", bound=BaseModel)


class Page(Shape, Generic[Item]):
    """One page. The Link header carries the same way on, as an address."""

    items: list[Item]
    next_cursor: str | None = Field(description="null on the last page.")

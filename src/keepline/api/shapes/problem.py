"""The shape of every error (RFC 9457), for the OpenAPI document."""

from pydantic import ConfigDict, Field

from keepline.api.shapes.parts import Shape


class Fault(Shape):
    """One thing that does not fit, and where it stands."""

    pointer: str | None = Field(None, description="JSON pointer (RFC 6901) into the body.")
    parameter: str | None = Field(None, description="Name of a parameter.")
    code: str
    detail: str


class Problem(Shape):
    """A problem. Further members tell facts about the case: amounts, limits, ids."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="An address that explains this kind of problem.")
    title: str = Field(description="In the language of Accept-Language.")
    status: int
    detail: str
    code: str = Field(description="Stable; what programs should look at.")
    hint: str = Field(description="What to do about it.")
    retryable: bool = Field(description="Whether the same request may succeed later.")
    request_id: str = Field(description="Name it when you ask for help.")
    errors: list[Fault] = Field(default_factory=list, description="With validation_failed.")


class ProblemKind(Shape):
    """One kind of problem, for readers."""

    type: str
    title: str
    status: int
    code: str
    hint: str
    retryable: bool


class ProblemKinds(Shape):
    """All kinds of problems."""

    items: list[ProblemKind]

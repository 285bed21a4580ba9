"""What a refusal is; flows/errors.py has all of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """One kind of refusal: HTTP status, sentence, what to do, whether trying again may help."""

    status: int
    title: str
    hint: str
    retryable: bool = False

"""What `keepline doctor` says, one finding a line."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`grade` is ok, warn or fail; a fail makes the exit code 1."""

    grade: str
    says: str

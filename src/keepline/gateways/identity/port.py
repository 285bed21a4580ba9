"""The identity port: somebody whom the operator trusts looks at who a holder is.

The holder shows documents on the provider's own page; Keepline never sees one. It learns the
result, the country of the document and whether its holder is of age, where the provider says so:
no name, no date of birth, no picture. docs/gateways/identity.md has the messages.

Each call is one network call and must never run inside a database transaction. All of them may be
repeated: a check has one id, made and stored by us before the first call.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, get_args
from uuid import UUID

CheckResult = Literal[
    "pending",  # the holder has not finished, or the provider has not decided
    "verified",  # they are who they say; final
    "refused",  # they could not show it; final
    "expired",  # the provider waits no longer for the holder; final
    "not_found",  # the provider never saw it
]
RefusalReason = Literal[
    "unreadable",  # the document or the picture could not be read
    "document_expired",  # it is not valid any more
    "document_not_accepted",  # a kind, or a country, that is not taken here
    "not_the_holder",  # face and document do not belong together
    "too_young",  # not of the age that the law wants
    "other",
]
RESULTS = get_args(CheckResult)
REASONS = get_args(RefusalReason)
DECIDED = ("verified", "refused", "expired")


class IdentityUnknown(Exception):
    """No answer that can be relied on: the call may or may not have been carried out."""


class CallbackRefused(Exception):
    """What came in is not from the provider, or cannot be read; the message says which."""


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What the provider is told: nothing of the person. `return_url`: where its page leads back to;
    `language`: of its page, BCP 47."""

    check_id: UUID
    return_url: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Check:
    """Where one check stands.

    `page_url`: where the holder goes on, while it is pending, else "". `reason`: of a refusal, else
    "". `country`: ISO 3166-1 alpha-2 of the document, "" where it is not told; `of_age`: None
    likewise.
    """

    check_id: UUID
    result: CheckResult
    page_url: str = ""
    reason: RefusalReason | Literal[""] = ""
    country: str = ""
    of_age: bool | None = None


class IdentityChecker(Protocol):
    """A provider. Every call to it raises IdentityUnknown, and nothing else, when nothing is
    certain; a word that is none of the above is not certain either."""

    @property
    def name(self) -> str:
        """The word stored beside what it found, e.g. `bridge`; never changes."""
        ...

    def start(self, request: CheckRequest) -> Check:
        """Begins a check; with the id of one that has begun, that one."""
        ...

    def ask(self, check_id: UUID) -> Check:
        """Where it stands; `not_found` for one that the provider never saw."""
        ...

    def read_callback(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Check:
        """What the provider tells by itself. Calls nobody. Raises CallbackRefused."""
        ...

    def complaints(self) -> list[str]:
        """What keeps it from working, in sentences for an operator; nothing when it answers."""
        ...

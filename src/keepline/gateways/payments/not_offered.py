"""The honest no of a provider that lacks a part of the port. Adapters inherit what they lack."""

from typing import NoReturn
from uuid import UUID

from .port import ChargeRequest, ProviderRefused, StoredMethod, StoringRequest


def _refuse(what: str) -> NoReturn:
    raise ProviderRefused("not_offered", f"this provider does not {what}")


class MethodsNotKept:
    """For a provider that keeps no way to pay for later."""

    stores_methods = False
    finds_charges = True  # there is none to be missed

    def open_storing(self, request: StoringRequest) -> NoReturn:
        """Raises ProviderRefused."""
        del request
        _refuse("keep ways to pay")

    def ask_storing(self, storing_id: UUID, provider_storing_id: str | None) -> NoReturn:
        """Raises ProviderRefused."""
        del storing_id, provider_storing_id
        _refuse("keep ways to pay")

    def charge_stored(self, request: ChargeRequest) -> NoReturn:
        """Raises ProviderRefused."""
        del request
        _refuse("keep ways to pay")

    def forget_method(self, method: StoredMethod) -> NoReturn:
        """Raises ProviderRefused."""
        del method
        _refuse("keep ways to pay")


class DisputesNotAnswered:
    """For a provider that is told of disputes on its own pages only."""

    def answer_dispute(self, dispute_id: str, evidence: str) -> NoReturn:
        """Raises ProviderRefused."""
        del dispute_id, evidence
        _refuse("take evidence by its API")

"""The official library: brought in late, since the extra may be absent, and its errors translated.

Inside `ordering` (something is to be done) and `asking` (nothing is), only the port's errors
come out.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from keepline.gateways.payments.port import ProviderRefused, ProviderUnknown

if TYPE_CHECKING:
    from stripe import StripeClient, StripeError


OTHER_CONTENT: Final = "idempotency_error"  # a known key with another body
# A method that its customer has no more: Stripe names the parameter, and no code that it documents.
NOT_ATTACHED: Final = "payment_method_not_attached"


class StripeMissing(RuntimeError):
    """Raised at start, not at the first payment."""


class Declined(Exception):
    """A charge was tried and declined: the intent as Stripe keeps it."""

    def __init__(self, intent: dict[str, Any]) -> None:
        super().__init__(str(intent.get("id")))
        self.intent = intent


def client(secret_key: str, timeout_s: float, api_base: str | None) -> "StripeClient":
    """One call is one request: Keepline itself decides what is sent again.

    Raises StripeMissing where the extra is not installed.
    """
    try:
        import stripe
    except ImportError as missing:
        raise StripeMissing(
            "Payments by Stripe need Stripe's library: pip install keepline[stripe]"
        ) from missing
    # It would keep a file in the home folder, and send what it measured with each call.
    stripe.enable_telemetry = False
    logging.getLogger("stripe").setLevel(logging.WARNING)  # else two lines for each call
    return stripe.StripeClient(
        secret_key,
        max_network_retries=0,
        base_addresses={"api": api_base} if api_base else None,
        http_client=stripe.RequestsClient(timeout=timeout_s),
    )


@contextmanager
def ordering() -> Iterator[None]:
    """Definitive refusals are ProviderRefused; all else, unreadable answers too, is unknown.

    Declined comes out where Stripe made an intent and names it: that is no refusal of the call.
    A 5xx is unknown also when it comes again for the same key: Stripe keeps the first answer,
    whatever had been done before it failed.
    """
    import stripe

    definitive = (
        stripe.InvalidRequestError,
        stripe.AuthenticationError,
        stripe.PermissionError,
        stripe.IdempotencyError,
    )
    try:
        yield
    except stripe.CardError as error:
        intent = error.error.to_dict().get("payment_intent") if error.error else None
        if intent:
            raise Declined(intent) from error
        raise ProviderRefused(code_of(error), error.user_message or "") from error
    except definitive as error:
        raise ProviderRefused(code_of(error), error.user_message or "") from error
    except stripe.StripeError as error:
        raise ProviderUnknown(f"{type(error).__name__}: HTTP {error.http_status}") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ProviderUnknown(f"unreadable answer: {type(error).__name__}") from error


@contextmanager
def asking() -> Iterator[None]:
    """To refuse a question is not to answer it: ProviderUnknown only."""
    try:
        with ordering():
            yield
    except ProviderRefused as refused:
        raise ProviderUnknown(f"the question was refused: {refused.code}") from refused


def code_of(error: "StripeError") -> str:
    """Stripe's code, which it does not always give; else the wrong parameter, or the error's type.

    A refund above what is left names only its parameter: invalid_amount.
    """
    param = getattr(error, "param", None)
    if param == "payment_method":
        return NOT_ATTACHED
    kind = error.error.type if error.error is not None else None
    return str(error.code or (f"invalid_{param}" if param else kind) or f"http_{error.http_status}")

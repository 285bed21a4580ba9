"""Looks payments up at Stripe: Checkout Sessions and charges of stored methods, with what went
back of them. To be used inside `asking` or `ordering`.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from keepline.gateways.payments.port import PaymentStatus, ProviderRefused

from .reading import CHARGED, Json, is_charge, own_id, read_payment, taken
from .sdk import ordering

if TYPE_CHECKING:
    from stripe._v1_services import V1Services
    from stripe.params.checkout import SessionListParams

PAGE: Final = 100  # Stripe's largest
CHARGE_REFUNDS: Final = "latest_charge.refunds"  # brings those on the way with it
SESSION_REFUNDS: Final = f"payment_intent.{CHARGE_REFUNDS}"
# Stripe's search lags by a minute, at its worst by an hour (https://docs.stripe.com/search), so
# that charges of which an answer is still awaited are listed: an order waits five hours for one.
LISTED_S: Final = 6 * 3600
OF_CHARGES: Final = "pi_"  # how the ids of intents begin; the others are sessions'


class Looking:
    """`unix_s` tells the time: it only decides how far back is listed and not searched."""

    def __init__(self, stripe: "V1Services", unix_s: Callable[[], float]) -> None:
        self._stripe = stripe
        self._unix_s = unix_s

    def payment(self, named: str) -> Json:
        """A session or a charge by Stripe's id."""
        if named.startswith(OF_CHARGES):
            found = self._stripe.payment_intents.retrieve(named, {"expand": [CHARGE_REFUNDS]})
            return found.to_dict()
        session = self._stripe.checkout.sessions.retrieve(named, {"expand": [SESSION_REFUNDS]})
        return session.to_dict()

    def read(self, payment_id: UUID, payment: Json) -> PaymentStatus:
        """What a session or a charge says. ValueError for one of another payment."""
        if own_id(payment["metadata"], "payment_id") != payment_id:
            raise ValueError("the session of another payment")
        return read_payment(payment, self.refunds_of(payment), self.disputes_of(payment))

    def refunds_of(self, payment: Json) -> list[Json]:
        """All refunds, newest first; more than ten come in pages of their own."""
        charge = taken(payment)
        if charge is None:
            return []
        found: list[Json] = list(charge["refunds"]["data"])
        more = charge["refunds"]["has_more"]
        while more:
            page = self._stripe.refunds.list(
                {"charge": charge["id"], "limit": PAGE, "starting_after": found[-1]["id"]}
            ).to_dict()
            found += page["data"]
            more = page["has_more"]
        return found

    def disputes_of(self, payment: Json) -> list[Json]:
        """All disputes; asked for only where the charge says that there are some."""
        charge = taken(payment)
        if charge is None or not charge.get("disputed"):
            return []
        page = self._stripe.disputes.list({"charge": charge["id"], "limit": PAGE})
        rows: list[Json] = page.to_dict()["data"]
        return rows

    def charge_by_id(self, payment_id: UUID) -> Json | None:
        """The charge of a payment whose intent nobody has told to us."""
        young = self._charges({"created": {"gte": int(self._unix_s()) - LISTED_S}})
        return _first(young, payment_id) or self._searched(payment_id)

    def _searched(self, payment_id: UUID) -> Json | None:
        """None too where Stripe offers no search, which is so for sellers in India."""
        query = " AND ".join(
            f"metadata['{name}']:'{value}'"
            for name, value in {"payment_id": str(payment_id), **CHARGED}.items()
        )
        expand = [f"data.{CHARGE_REFUNDS}"]
        try:
            with ordering():
                found = self._stripe.payment_intents.search({"query": query, "expand": expand})
        except ProviderRefused:
            return None
        return _first(filter(is_charge, found.to_dict()["data"]), payment_id)

    def charge_of_customer(self, customer: str, payment_id: UUID) -> Json | None:
        """The same, for a charge whose customer is known: this list lags behind nothing."""
        return _first(self._charges({"customer": customer}), payment_id)

    def charges(self, from_s: int, until_s: int) -> Iterator[Json]:
        """Our charges made in a span, newest first."""
        return self._charges({"created": {"gte": from_s, "lt": until_s}})

    def sessions(self, from_s: int, until_s: int) -> Iterator[Json]:
        """Our payments' sessions opened in a span, newest first."""
        params: SessionListParams = {
            "created": {"gte": from_s, "lt": until_s},
            "expand": [f"data.{SESSION_REFUNDS}"],
        }
        for session in _pages(self._stripe.checkout.sessions.list, params):
            if own_id(session["metadata"], "payment_id"):
                yield session

    def _charges(self, which: Json) -> Iterator[Json]:
        params = {**which, "expand": [f"data.{CHARGE_REFUNDS}"]}
        for intent in _pages(self._stripe.payment_intents.list, params):
            if is_charge(intent) and own_id(intent["metadata"], "payment_id"):
                yield intent


def _first(charges: Iterator[Json], payment_id: UUID) -> Json | None:
    for intent in charges:
        if own_id(intent["metadata"], "payment_id") == payment_id:
            return intent
    return None


def _pages(list_page: Callable[[Any], Any], params: Any) -> Iterator[Json]:
    """All rows of a list, newest first."""
    asked, more = {**params, "limit": PAGE}, True
    while more:
        page = list_page(asked).to_dict()
        yield from page["data"]
        more = page["has_more"]
        if more:
            last = page["data"][-1]["id"]
            if asked.get("starting_after") == last:
                raise ValueError("a page that repeats itself")
            asked["starting_after"] = last

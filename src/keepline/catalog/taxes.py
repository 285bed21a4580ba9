"""The tax of offers, by the rules in force: which country's, for one holder or for all of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import overload
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.catalog.queries import PlanOffer, Tariff, tariff_of
from keepline.catalog.tax_file import in_force
from keepline.core.taxes import Treatment, treatment


def treatment_for(account_id: UUID, now: datetime) -> Treatment | None:
    """How the account's sales at `now` are taxed; None as plans say. One query, or none.

    Raises Account.DoesNotExist.
    """
    return treatment_in(accounts.account(account_id).country if by_holder() else "", now)


def treatment_in(country: str, now: datetime) -> Treatment | None:
    """The same for a holder of whom it is known where they are at home; no query."""
    rules = in_force()
    return treatment(rules, country if rules.whose == "holder" else "", now)


def treatments(now: datetime) -> Mapping[str, Treatment]:
    """By country of the holder, at `now`; under "" where none is known. As the plan says: left out.

    Where the seller's country counts it stands under "", and no holder's is asked for.
    """
    rules = in_force()
    countries = ["", *(rules.countries() if rules.whose == "holder" else [])]
    found = {country: treatment(rules, country, now) for country in countries}
    return {country: one for country, one in found.items() if one is not None}


def by_holder() -> bool:
    """Whether the holder's country counts, so that it must be known of each line."""
    return in_force().whose == "holder"


@overload
def taxed(offer: PlanOffer, tax: Treatment | None) -> PlanOffer: ...
@overload
def taxed(offer: None, tax: Treatment | None) -> None: ...
def taxed(offer: PlanOffer | None, tax: Treatment | None) -> PlanOffer | None:
    """The offer under another tax than its own; None takes it as it is."""
    if offer is None or tax is None:
        return offer
    return replace(
        offer, tax_country=tax.country, tax_rate_ppm=tax.rate_ppm, tax_inclusive=tax.inclusive
    )


def tariff_for(account_id: UUID, plan_id: int, currency: str, now: datetime) -> Tariff | None:
    """With what a line of the account renews by itself, taxed; None when there is no such price."""
    tariff = tariff_of(plan_id, currency, now)
    return taxed_tariff(tariff, treatment_for(account_id, now)) if tariff else None


def taxed_tariff(tariff: Tariff, tax: Treatment | None) -> Tariff:
    """What was agreed and what is sold, both under the tax of today: a rate that the state raised
    is no dearer plan, and asks nobody for consent."""
    if tax is None:
        return tariff
    return Tariff(taxed(tariff.pinned, tax), taxed(tariff.offer, tax))

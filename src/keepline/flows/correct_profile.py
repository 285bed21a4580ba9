"""A person corrects how they are addressed: name, language, zone, country, currency of prices."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from keepline.accounts import queries, services
from keepline.accounts.models import User
from keepline.audit import services as audit
from keepline.flows.list_currencies import list_currencies
from keepline.ledger import services as ledger

ACTION = "account.corrected"


@transaction.atomic
def correct_profile(
    user: User,
    account_id: UUID,
    *,
    name: str,
    language: str,
    time_zone: str,
    currency: str,
    country: str | None = None,
    now: datetime,
) -> list[str]:
    """Returns what was changed. Raises ValidationError for an unknown language, zone or country,
    and for another currency than plans are sold in.

    Lines keep the zone in which their months count; only what is shown follows the person. Taxes
    may follow the country, from the next order on; None leaves it as it is.
    """
    account = queries.account(account_id)
    country = account.country if country is None else country
    before = (user.name, user.language, user.time_zone, account.currency, account.country)
    services.correct_profile(user, name=name, language=language, time_zone=time_zone)
    if currency != account.currency:
        if currency not in list_currencies(now):
            raise ValidationError({"currency": "nothing is sold in this currency"})
        services.choose_currency(account, currency)
        ledger.open_wallet(account_id, currency)
    if country != account.country:
        services.choose_country(account, country)
    after = (user.name, user.language, user.time_zone, currency, country)
    names = ("name", "language", "time_zone", "currency", "country")
    changed = [n for n, old, new in zip(names, before, after, strict=True) if old != new]
    if changed:
        audit.record(
            ACTION,
            actor=f"user:{user.pk}",
            now=now,
            account_id=account_id,
            facts={"changed": changed},
        )
    return changed

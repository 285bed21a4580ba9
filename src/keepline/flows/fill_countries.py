"""`account.countries_filled`: accounts of unknown country get the one of their contact's number.

For a base that was taken over before taxes followed its holders' countries. What a holder said
stays, and a number that tells no country leaves none.
"""

from collections import Counter
from datetime import datetime

from django.db import transaction

from keepline.accounts import queries, services
from keepline.audit import services as audit

ACTION = "account.countries_filled"
BATCH = 1000


def fill_countries(actor: str, now: datetime) -> Counter[str]:
    """Returns how many accounts got which country. Done again it changes nothing more."""
    total: Counter[str] = Counter()
    last = None
    while batch := queries.numbers_without_country(last, BATCH):
        found = {account: services.country_of_phone(phone) for account, phone in batch}
        found = {account: country for account, country in found.items() if country}
        with transaction.atomic():
            services.fill_countries(found)
            audit.record(ACTION, actor=actor, now=now, facts={"accounts": len(found)})
        total.update(found.values())
        last = batch[-1][0]
    return total

"""What the operations share whose caller pays for a term of a plan: renewals and purchases."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from keepline.accounts.queries import TokenHolder
from keepline.api.bearer import actor_of, caller_of, holder_of, now_of
from keepline.api.keys import key_of
from keepline.api.shapes.paying import PaidTerm
from keepline.core.money import Money
from keepline.core.renewal import RenewalDecision
from keepline.flows.list_exchanges import list_exchanges
from keepline.flows.list_ways_to_pay import list_ways_to_pay


def paid(request: HttpRequest, holder: TokenHolder, body: PaidTerm) -> dict[str, Any]:
    """What the flow is asked for (flows.paying.PaidRequest). Raises Refused without a key."""
    seen, other = body.expected_total, body.pay_as
    return {
        "account_id": holder.account_id,
        "plan_code": body.plan_code,
        "currency": body.currency or (seen.currency if seen else holder.currency),
        "use_wallet": body.use_wallet,
        "provider": body.provider,
        "key": key_of(request),
        "expected_total_minor": seen.amount_minor if seen else None,
        "actor": actor_of(holder),
        "channel": "api",
        "caller": caller_of(request),
        "method_id": body.payment_method_id,
        "pay_as": Money(other.amount_minor, other.currency) if other else None,
    }


def ways_to_pay(request: HttpRequest, decision: RenewalDecision) -> Mapping[str, Any]:
    """`providers` that may take the part beside the wallet's, and its `exchanges`."""
    account_id, price = holder_of(request).account_id, decision.quote
    part_minor = decision.funding.payment_minor
    ways = list_ways_to_pay(account_id, price.currency)(part_minor or price.total_minor)
    exchanges = list_exchanges(account_id, Money(part_minor, price.currency), now_of(request))
    return {"providers": [way.provider for way in ways], "exchanges": exchanges}

"""`line.renewed`: a line is extended for money.

The way down (docs/renewal.md has it in prose, with a picture):

    start    T  key, locks, decision, order; the wallet pays at once, or a hold, or a payment
    (open_payment, settle_payment: the provider's part, for orders that need one)
    fund     T  (inside start or settle) the money is there: extend now, or send to the network
    (deliver_order: the network's part)
    confirm  T  (inside deliver) extend, post the hold, tell the holder

A renewal that changes nothing in the network and is paid from the wallet is over when `start`
commits.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from keepline.catalog.queries import PlanOffer
from keepline.core.allowances import Allowance
from keepline.core.ids import slot_of
from keepline.core.lifecycle.order import OrderState
from keepline.core.renewal import RenewalDecision, UseWallet
from keepline.flows import wake
from keepline.flows.errors import FlowRefused
from keepline.flows.paying import (
    PaidRequest,
    StartedOrder,
    decided,
    draft,
    enter,
    offer_for,
    refusals,
    replay,
)
from keepline.flows.sale import complete_sale
from keepline.flows.steps import transaction_step
from keepline.gateways import switchboard
from keepline.ledger import queries as ledger_queries
from keepline.ledger import services as ledger
from keepline.lines import services as lines
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import OrderKind
from keepline.slots.sql import together
from keepline.usage import queries as usage

ACTION = "line.renewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRequest(PaidRequest):
    """What a holder (or somebody for them) asks for.

    `expected_valid_until`: the expiry the holder saw, so that two who renew at the same moment
    renew once; None to add a term to whatever is there. The key does not stand for it: a repeat
    gets the first answer, whatever the page shows by then.
    """

    line_id: UUID
    expected_valid_until: datetime | None = None

    def digest(self) -> bytes:
        """SHA-256 of what the key stands for: the same key with another body is refused."""
        body: list[object] = [
            str(self.line_id),
            self.plan_code,
            self.currency,
            self.use_wallet,
            self.provider,
            self.expected_total_minor,
        ]
        # What is not there for the others leaves their keys what they were.
        if self.method_id is not None:
            body.append(str(self.method_id))
        if self.pay_as is not None:
            body += [self.pay_as.amount_minor, self.pay_as.currency]
        return hashlib.sha256(json.dumps(body).encode()).digest()


@dataclass(frozen=True, slots=True)
class RenewalPreview:
    """The whole order before paying; what the receipt will say if it is accepted now."""

    line: lines.LockedLine
    offer: PlanOffer
    decision: RenewalDecision
    wallet_free_minor: int
    buckets_before: Allowance
    buckets_after: Allowance


def preview(
    account_id: UUID,
    line_id: UUID,
    plan_code: str,
    currency: str,
    use_wallet: UseWallet,
    now: datetime,
) -> RenewalPreview:
    """Decides without locks or writes. Raises FlowRefused as `start` would."""
    try:
        line = lines.read_line(line_id, account_id)
    except lines.LineNotFound:
        raise FlowRefused("not_found") from None
    if order_queries.asking_if_clock_renews(line_id)():
        raise FlowRefused("renewal_under_way")
    offer = offer_for(account_id, plan_code, currency, now, "plan_not_for_line")
    free = ledger_queries.free_minor(ledger.wallet_id_of(account_id, currency))
    decision = _decide(line, offer, use_wallet, free, now)
    before = usage.left(line_id, now)
    return RenewalPreview(line, offer, decision, free, before, before.plus(offer.allowance))


def start(request: RenewalRequest, now: datetime) -> StartedOrder:
    """Accepts a renewal, once for its key. Raises FlowRefused and then has changed nothing."""
    if request.provider is not None and request.provider not in switchboard.providers():
        raise FlowRefused("provider_unknown")
    with refusals(), transaction_step("renew_line.start"):
        started = _start(request, now)
    if started.state is OrderState.IN_PROGRESS or request.method_id is not None:
        wake.orders()
    return started


def _start(request: RenewalRequest, now: datetime) -> StartedOrder:
    slot = slot_of(request.account_id)
    with together():  # in the lock order: key, line, wallet
        claiming = orders.claim_key(
            slot, request.actor, "renew_line", request.key, request.digest(), now
        )
        locking = lines.locking_line(request.line_id, request.account_id)
        clock_renews = order_queries.asking_if_clock_renews(request.line_id)
        holding = ledger.locking_wallet_of(request.account_id, request.currency)
    claim = claiming()
    if not claim.first:
        return replay(claim.order_id)
    line = locking()
    offer = offer_for(
        request.account_id, request.plan_code, request.currency, now, "plan_not_for_line"
    )
    wallet_id, free = holding()
    if request.expected_valid_until not in (None, line.valid_until):
        raise FlowRefused("line_changed")
    if clock_renews():  # its order moves the expiry only at its end: until then nobody sees it
        raise FlowRefused("renewal_under_way")
    decision = _decide(line, offer, request.use_wallet, free, now)
    order = draft(request, claim.order_id, OrderKind.RENEWAL, wallet_id, line, offer, decision, now)
    at_once = partial(complete_sale, order, line, offer, decision.period, now)
    return enter(request, order, offer.promise_seconds, now, at_once)


def _decide(
    line: lines.LockedLine, offer: PlanOffer, use_wallet: UseWallet, free: int, now: datetime
) -> RenewalDecision:
    decision = decided(line, offer, use_wallet, free, now)
    if decision.delivery == "network" and not switchboard.has("network"):
        raise FlowRefused("no_network")  # before any money moves
    return decision

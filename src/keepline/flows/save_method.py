"""`method.saved`: the holder lets a provider keep a way to pay, to be charged by auto-renew.

    T  save_method.begin      a method that is about to be given, under the key made for it
    N  save_method.open       the provider's page; repeated, it is the same page
    T  save_method.opened     where that page is
    N  save_method.ask        back from it, or later: what does the provider keep?
    T  save_method.settled    stored, or abandoned; and told

No card number comes here: the holder gives it on the provider's page, and what comes back is a
name to show and ids that are worth nothing without the provider's key.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from keepline.audit import services as audit
from keepline.core.lifecycle.method import MethodEvent, MethodState
from keepline.core.retries import doubled
from keepline.core.velocity import Asked
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import Caller, admit_payment
from keepline.flows.list_ways_to_pay import list_ways_to_save
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import (
    ProviderRefused,
    ProviderUnknown,
    StoringRequest,
    StoringStatus,
)
from keepline.payments import methods
from keepline.payments.models import SavedMethod

ACTION = "method.saved"
PAGE_OPEN_FOR = timedelta(hours=24)  # then nobody comes back from it
FIRST_LOOK_AFTER = timedelta(minutes=2)  # the browser's return is faster, as a rule
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SavingRequest:
    """Where a holder wants a way to pay kept. `actor`: user:17; `language`: BCP 47."""

    account_id: UUID
    provider: str
    currency: str
    actor: str
    language: str
    caller: Caller


def start(request: SavingRequest, now: datetime) -> tuple[UUID, str | None]:
    """The method's id and the page on which it is given; None while the provider is silent.

    Raises FlowRefused: provider_unknown, payments_paused, provider_refused.
    """
    ways = list_ways_to_save(request.account_id, request.currency)
    kinds = {way.provider: way.methods for way in ways}.get(request.provider)
    if kinds is None:
        raise FlowRefused("provider_unknown")
    with transaction_step("save_method.begin"):
        admit_payment(
            request.account_id,
            request.caller,
            Asked(request.provider, request.currency, 0, now),
        )
        method = methods.begin(request.account_id, request.provider, now, now + FIRST_LOOK_AFTER)
    try:
        with network_step("save_method.open"):
            provider = switchboard.payments(request.provider)
            opened = provider.open_storing(_asked(request, method, kinds))
    except ProviderUnknown:
        return method.id, None
    except ProviderRefused as refused:
        with transaction_step("save_method.refused"):
            methods.transition(method, MethodEvent.ABANDON, next_action_at=None)
        raise FlowRefused("provider_refused", provider_code=refused.code) from refused
    with transaction_step("save_method.opened"):
        methods.name_page(method, opened.provider_storing_id, opened.checkout_url)
    return method.id, opened.checkout_url


def _asked(request: SavingRequest, method: SavedMethod, kinds: tuple[str, ...]) -> StoringRequest:
    back = f"{switchboard.public_url()}/ways-to-pay/{method.id}/return/"
    return StoringRequest(
        storing_id=method.id,
        account_id=request.account_id,
        currency=request.currency,
        return_url=back,
        cancel_url=back,
        holder_language=request.language,
        kinds=kinds,
    )


def settle(method_id: UUID, account_id: UUID, now: datetime) -> MethodState:
    """Asks the provider what it keeps, and books the answer once. Safe at any time.

    Raises FlowRefused("not_found") for another account's.
    """
    try:
        method = methods.read(method_id, account_id)
    except methods.MethodNotFound:
        raise FlowRefused("not_found") from None
    if method.state != MethodState.STORING:
        return MethodState(method.state)
    try:
        with network_step("save_method.ask"):
            provider = switchboard.payments(method.provider)
            status = provider.ask_storing(method.id, method.provider_storing_id)
    except ProviderUnknown:
        status = StoringStatus("pending", method.provider_storing_id)
    with transaction_step("save_method.settled"):
        return _book(method_id, account_id, status, now)


def _book(method_id: UUID, account_id: UUID, status: StoringStatus, now: datetime) -> MethodState:
    method = methods.lock(method_id, account_id)
    if method.state != MethodState.STORING:
        return MethodState(method.state)
    if status.status == "stored" and status.method is not None:
        _stored(method, status, now)
    elif status.status == "pending" and now - method.begun_at < PAGE_OPEN_FOR:
        pause = doubled(FIRST_LOOK_AFTER, method.attempts, LONGEST_PAUSE)
        methods.look_later(method, now + pause)
    elif status.status == "not_found" and now - method.begun_at < FIRST_LOOK_AFTER:
        methods.look_later(method, now + FIRST_LOOK_AFTER)  # it may still be on its way there
    else:
        methods.transition(method, MethodEvent.ABANDON, next_action_at=None)
    return MethodState(method.state)


def _stored(method: SavedMethod, status: StoringStatus, now: datetime) -> None:
    kept = status.method
    assert kept is not None
    methods.transition(
        method,
        MethodEvent.STORE,
        provider_storing_id=status.provider_storing_id or method.provider_storing_id,
        provider_customer_id=kept.provider_customer_id,
        provider_method_id=kept.provider_method_id,
        kind=kept.kind,
        label=kept.label,
        expires_on=kept.expires_on,
        checkout_url="",
        stored_at=now,
        next_action_at=None,
    )
    audit.record(
        ACTION,
        actor="provider",
        now=now,
        account_id=method.account_id,
        subject_id=method.id,
        facts={"provider": method.provider, "kind": kept.kind},
    )

"""`method.forgotten`: a saved way to pay is removed, here at once and at its provider for certain.

T  forget_method.forget      nothing charges it any more; lines that would have, know it
N  forget_method.tell        the provider forgets it; a silence is told again by a worker
T  forget_method.forgotten   it has
"""

from datetime import datetime, timedelta
from uuid import UUID

from keepline.audit import services as audit
from keepline.core.lifecycle.method import METHOD, MethodEvent, MethodState
from keepline.core.retries import doubled
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import ProviderRefused, ProviderUnknown, StoredMethod
from keepline.lines import services as lines
from keepline.payments import methods
from keepline.payments.models import SavedMethod

ACTION = "method.forgotten"
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(days=1)


def forget(method_id: UUID, account_id: UUID, actor: str, now: datetime) -> None:
    """Removes a method; the same twice is one act. Raises FlowRefused("not_found")."""
    with transaction_step("forget_method.forget"):
        try:
            method = methods.lock(method_id, account_id)
        except methods.MethodNotFound:
            raise FlowRefused("not_found") from None
        if MethodEvent.FORGET not in METHOD.allowed(MethodState(method.state)):
            return
        methods.transition(method, MethodEvent.FORGET, next_action_at=now, attempts=0)
        freed = lines.forget_method(account_id, method.id)
        audit.record(
            ACTION,
            actor=actor,
            now=now,
            account_id=account_id,
            subject_id=method.id,
            facts={"provider": method.provider, "label": method.label, "lines": freed},
        )
    tell_provider(method_id, account_id, now)


def tell_provider(method_id: UUID, account_id: UUID, now: datetime) -> None:
    """The provider's part: repeated until it has said yes, or that it knows no such thing."""
    method = methods.read(method_id, account_id)
    if method.state != MethodState.FORGETTING:
        return
    try:
        with network_step("forget_method.tell"):
            switchboard.payments(method.provider).forget_method(kept_by_provider(method))
    except ProviderUnknown:
        methods.look_later(method, now + doubled(FIRST_PAUSE, method.attempts, LONGEST_PAUSE))
        return
    except ProviderRefused:
        pass  # it will not be charged by us again, and the provider says there is nothing to do
    with transaction_step("forget_method.forgotten"):
        locked = methods.lock(method_id, account_id)
        if locked.state == MethodState.FORGETTING:
            methods.transition(
                locked,
                MethodEvent.FORGOTTEN,
                label="",
                expires_on=None,
                next_action_at=None,
            )


def kept_by_provider(method: SavedMethod) -> StoredMethod:
    """The method in the port's words."""
    return StoredMethod(
        provider_customer_id=method.provider_customer_id,
        provider_method_id=method.provider_method_id,
        kind=method.kind,
        label=method.label,
        expires_on=method.expires_on,
    )

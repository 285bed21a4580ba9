"""`identity.checked`: an account's holder shows who they are, to whom the operator trusts.

    T  check_identity.begin    a check; the same one as long as it is pending
    N  check_identity.open     the provider's page; asked again, it is the same
    T  check_identity.heard    what the provider tells: by itself, or as answer to `open`

Only the result is kept, with the document's country and whether its holder is of age, where the
provider says so. While nothing is decided, follow_checks asks. docs/identity.md has it in prose.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings

from keepline.accounts import identity
from keepline.accounts.models import IdentityCheck
from keepline.audit import services as audit
from keepline.core.lifecycle.identity_check import IdentityState
from keepline.flows import wake
from keepline.flows.errors import FlowRefused
from keepline.flows.identifying.settling import settle
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.identity.port import DECIDED, Check, CheckRequest, IdentityUnknown

ACTION = "identity.checked"
DAY = timedelta(days=1)
FIRST_LOOK_AFTER = timedelta(minutes=2)  # nobody is done sooner, and most are told of before

log = structlog.get_logger(__name__)


def start(
    account_id: UUID, actor: str, language: str, now: datetime, *, return_url: str | None = None
) -> Check:
    """The check as the provider has it; while it is pending its `page_url` is where to go on.

    `return_url`: to whose page the holder is led in the end, one of those that the operator named;
    "" for our own; None leaves it as it is. The provider itself is told of our own address alone.

    `now`: real time. Raises FlowRefused: return_url_refused, no_identity_check, identity_verified,
    identity_tries, identity_silent.
    """
    if return_url and not may_lead_to(return_url):
        raise FlowRefused("return_url_refused")
    if not switchboard.has("identity"):
        raise FlowRefused("no_identity_check")
    with transaction_step("check_identity.begin"):
        row = _begun(account_id, actor, return_url, now)
    back = f"{switchboard.public_url()}/account/identity/back/{row.id}/"
    try:
        with network_step("check_identity.open"):
            found = switchboard.identity().start(CheckRequest(row.id, back, language))
    except IdentityUnknown as silence:
        log.warning("identity_provider_silent", reason=str(silence))
        raise FlowRefused("identity_silent") from None
    if found.result == "not_found":
        raise FlowRefused("identity_silent")
    take(found, now)
    return found


def may_lead_to(address: str) -> bool:
    """Whether the operator named this very address. A part of one opens a way to anywhere."""
    return address in settings.ENV.identity_return_urls


def hear(headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """What the provider tells by itself. False: nobody here waits for it, any more or at all.

    Raises CallbackRefused when it is not to be believed.
    """
    return take(switchboard.identity().read_callback(headers, body, now), now)


def take(found: Check, now: datetime) -> bool:
    """Writes a decided answer, once. False: it is none, or had been written, or nobody waits."""
    if found.result not in DECIDED:
        return False
    with transaction_step("check_identity.heard"):
        row = identity.lock(found.check_id)
        settled = row is not None and settle(row, found, now)
    wake.outbox()
    return settled


def tries_again_at(account_id: UUID, now: datetime) -> datetime | None:
    """When another check may be begun; None: now. One query, or none without a limit."""
    most: int = settings.ENV.identity_tries_a_day
    begun = identity.begun_since(account_id, now - DAY) if most else []
    return begun[-most] + DAY if most and len(begun) >= most else None


def _begun(account_id: UUID, actor: str, return_url: str | None, now: datetime) -> IdentityCheck:
    identity.lock_account(account_id)
    last = identity.last_of(account_id)
    if last is not None and last.state == IdentityState.PENDING:
        if return_url is not None:
            identity.note(last, return_url=return_url)
        return last
    if last is not None and last.state == IdentityState.VERIFIED:
        raise FlowRefused("identity_verified")
    again_at = tries_again_at(account_id, now)
    if again_at is not None:
        raise FlowRefused("identity_tries", again_at=again_at)
    provider = switchboard.identity().name
    row = identity.begin(
        account_id, provider, actor, now, now + FIRST_LOOK_AFTER, return_url=return_url or ""
    )
    audit.record(
        "identity.check_begun", actor=actor, now=now, account_id=account_id, subject_id=row.id
    )
    return row

"""What tests of identity checks share: a provider, and a plan that asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from keepline.accounts.models import IdentityCheck
from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.flows.check_identity import start
from keepline.gateways import switchboard
from tests.cast import NOW, Cast
from tests.identity import ScriptedChecker


@contextmanager
def a_checker() -> Iterator[ScriptedChecker]:
    """A provider that is connected."""
    found = ScriptedChecker()
    before = switchboard._factories.get("identity")
    switchboard.connect("identity", lambda: found)
    yield found
    if before is None:
        switchboard._factories.pop("identity", None)
    else:
        switchboard.connect("identity", before)


def demanded() -> None:
    """Every policy asks for it from now on."""
    Policy.objects.update(identity_check="before_sale")
    catalog.forget()


def begun(stage: Cast) -> IdentityCheck:
    """A check of Alice's account, under way."""
    start(stage.account.id, "user:1", "en", NOW)
    found: IdentityCheck = IdentityCheck.objects.get(account_id=stage.account.id, state="pending")
    return found

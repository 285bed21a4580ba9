"""What tests of identity checks share: a check under way, and plans that ask for one."""

from keepline.accounts.models import IdentityCheck
from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.flows.check_identity import start
from tests.cast import NOW, Cast


def demanded() -> None:
    """Every policy asks for it from now on."""
    Policy.objects.update(identity_check="before_sale")
    catalog.forget()


def begun(stage: Cast) -> IdentityCheck:
    """A check of Alice's account, under way."""
    start(stage.account.id, "user:1", "en", NOW)
    found: IdentityCheck = IdentityCheck.objects.get(account_id=stage.account.id, state="pending")
    return found

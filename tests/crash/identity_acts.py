"""Acts of identity checks: begun, decided at the provider, told or asked for, forgotten."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from keepline.accounts.models import IdentityCheck
from keepline.flows.check_identity import hear, start
from keepline.flows.follow_checks import forget
from tests.crash.world import World


def begin(world: World) -> None:
    start(world.cast.account.id, "user:1", "en", world.now())


def decide(world: World) -> None:
    world.outside.checker().decide(_check(world), "verified", country="GB", of_age=True)


def tell(world: World) -> None:
    """Signed by real time, which the provider lives by."""
    at = datetime.now(UTC)
    hear(*world.outside.checker().callback(_check(world), at), at)


def erase(world: World) -> None:
    forget(world.now() - timedelta(days=900))


def _check(world: World) -> UUID:
    found: UUID = IdentityCheck.objects.get(account_id=world.cast.account.id).id
    return found

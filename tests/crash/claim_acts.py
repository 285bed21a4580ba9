"""Acts of an account that an import brought: nobody's, then claimed, then left for another."""

from keepline.accounts.models import Account, Membership
from keepline.flows.choose_account import choose
from keepline.flows.claim_account import claim
from tests.crash.world import World


def imported(world: World) -> None:
    own, email = world.cast.account, world.cast.charlie.email
    Membership.objects.filter(account_id=own.id).delete()
    rows = Account.objects.filter(slot=own.slot, id=own.id)
    rows.update(external_ref=f"old-{own.id}", contact_email=email)


def claimed(world: World) -> None:
    claim(world.cast.charlie.pk, world.cast.account.id, world.now())


def left(world: World) -> None:
    choose(world.cast.charlie.pk, world.cast.other_account.id, world.now())

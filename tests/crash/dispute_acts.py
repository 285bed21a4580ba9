"""A payer's bank takes money back at the sandbox, and what we do about it."""

from typing import Any

from keepline.flows.answer_dispute import answer_dispute
from keepline.flows.follow_disputes import follow_disputes
from keepline.payments.models import Dispute
from tests.crash.world import World
from tests.gateways.inbox import Inbox
from tests.gateways.test_sandbox_stored import SandboxKeeper
from tests.gateways.tills import SandboxTill


def bank_asks(world: World) -> None:
    """At the provider; we do not know yet."""
    _keeper(world).disputes(world.payment().id)


def bank_decides(world: World) -> None:
    """For the payer."""
    (told,) = world.till.adapter().ask(world.payment().id, None).disputes
    _keeper(world).decides(told, won=False)


def follow(world: World) -> None:
    """A webhook or a comparison has told us to look."""
    follow_disputes(world.order().id, world.now(), told=True)


def answer(world: World) -> None:
    """Staff send the evidence."""
    dispute: Any = Dispute.objects.get(account_id=world.cast.account.id)
    answer_dispute(dispute.id, "The line was used.", "staff:1", world.now())


def _keeper(world: World) -> SandboxKeeper:
    till = world.till
    assert isinstance(till, SandboxTill), "the story is told at the sandbox"
    inbox: Inbox = till.inbox
    return SandboxKeeper(till.process, inbox)

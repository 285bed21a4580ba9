"""Acts of received messages: they come, are looked after, sealed anew and erased."""

from contextlib import suppress
from datetime import timedelta

from keepline.accounts.models import Role
from keepline.flows.erase_message import erase_message
from keepline.flows.errors import FlowRefused
from keepline.flows.export_messages import export_messages
from keepline.flows.forget_messages import forget_messages
from keepline.flows.receive_message import receive
from keepline.flows.reseal import reseal
from keepline.flows.set_line_cap import set_line_cap
from keepline.flows.set_retention import set_retention
from keepline.flows.show_inbox import Reader, show_inbox
from keepline.messages.inbox_models import ReceivedMessage
from tests.crash.world import World
from tests.flows.inboxes import Sms


def _reader(world: World) -> Reader:
    return Reader(world.cast.account.id, Role.OWNER, "user:1")


def may_have_more_lines(world: World) -> None:
    set_line_cap(world.cast.account.id, 20, "a shop", "cli", world.now())


def come(world: World) -> None:
    """Two messages; the network that got no answer sends them again."""
    for reference in ("first", "second"):
        to = f"+4479{world.key_number:06d}98"
        receive(Sms(to=to, reference=f"{world.key}-{reference}"), world.now())


def are_there(world: World) -> None:
    assert ReceivedMessage.objects.filter(account_id=world.cast.account.id).count() == 2


def erase_one(world: World) -> None:
    """Who died while erasing erases again, and is told that it is gone."""
    oldest = ReceivedMessage.objects.filter(account_id=world.cast.account.id).order_by("id").first()
    with suppress(FlowRefused):
        if oldest and len(show_inbox(_reader(world), None, world.now()).messages) > 1:
            erase_message(oldest.id, _reader(world), world.now())


def keep_for_a_week(world: World) -> None:
    set_retention(world.cast.line.id, 7, _reader(world), world.now())


def take_along(world: World) -> None:
    assert len(list(export_messages(None, _reader(world), world.now()))) == 1


def seal_anew(world: World) -> None:
    ReceivedMessage.objects.filter(account_id=world.cast.account.id).update(key_id="older")
    reseal("cli", world.now())


def forget(world: World) -> None:
    forget_messages(world.now() + timedelta(days=8))


def are_gone(world: World) -> None:
    assert not ReceivedMessage.objects.filter(account_id=world.cast.account.id).exists()

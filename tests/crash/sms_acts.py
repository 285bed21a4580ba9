"""Acts of an SMS network: a message in two parts and a receipt, until they are acknowledged."""

from keepline.flows.take_sms import match_late, take
from keepline.gateways.messaging.inbound import Arrived, InboundPart, InboundSms, SmsReceipt
from keepline.messages.heard_models import EarlyReceipt, Heard
from keepline.messages.inbox_models import ReceivedMessage
from tests.crash.world import World


def come_in_parts(world: World) -> None:
    """Each part alone; what is not acknowledged comes again."""
    to = f"+4479{world.key_number:06d}98"
    told: list[Arrived] = [SmsReceipt(f"{world.key}", "delivered", "DELIVRD")]
    for number, text in ((2, "world"), (1, "hello ")):
        sms = InboundSms(to, "Bank", text, f"{world.key} {number}")
        take([*told, InboundPart(sms, 7, number, 2)], world.now())
    match_late(world.now())


def are_whole(world: World) -> None:
    assert ReceivedMessage.objects.filter(account_id=world.cast.account.id).count() == 1
    assert EarlyReceipt.objects.filter(reference=f"{world.key}").count() == 1
    assert not Heard.objects.exclude(sealed="").exists()

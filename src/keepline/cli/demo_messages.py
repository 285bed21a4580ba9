"""What the demo's numbers received: codes and words of services that do not exist."""

from datetime import datetime, timedelta

from keepline.flows.receive_message import receive
from keepline.gateways.messaging.inbound import InboundSms

# To which number, how many hours ago, from whom, what.
RECEIVED = [
    (
        12025550143,
        50,
        "Larkmail",
        "Larkmail: 我们注意到您在新设备上登录。如果不是您本人,请立即修改密码。",
    ),
    (12025550143, 26, "+12025550199", "您好,周五下午三点的会议改到四点,请回复确认。"),
    (12025550143, 3, "Larkmail", "【Larkmail】验证码 482913,5分钟内有效,请勿泄露给他人。"),
    (12025550143, 0.4, "Northbank", "Northbank: 390 217 is your one-time code. Never share it."),
    (447700900188, 18, "ShopDesk", "【ShopDesk】您有一笔新订单,请在 24 小时内发货。"),
    (12025550177, 30, "Larkmail", "Welcome to Larkmail. Reply STOP to end."),
    (
        12025550177,
        2,
        "Harbour",
        "Harbour: your verification code is 771 204. It ends in 10 minutes.",
    ),
    (447700900321, 12, "Northbank", "Your code is 118844"),  # it rests: kept from everyone
]


def load_messages(now: datetime) -> None:
    """Through the entrance that a network uses; again changes nothing."""
    for place, (number, hours, sender, text) in enumerate(RECEIVED):
        at = now - timedelta(hours=hours)
        receive(InboundSms(f"+{number}", sender, text, f"demo-{place}", at), at)

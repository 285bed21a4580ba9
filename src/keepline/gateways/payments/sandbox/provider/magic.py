"""Amounts (in minor units, any currency) that misbehave by themselves, for tests by hand.

They stand above the global behaviour and below what is set for one payment.
"""

from typing import Final

MAGIC_AMOUNTS: Final[dict[int, tuple[dict[str, object], dict[str, str]]]] = {
    66601: (
        {"decline": "insufficient_funds"},
        {"en": "declined: insufficient funds", "zh-Hans": "付款被拒：余额不足"},
    ),
    66602: (
        {"decline": "lost_card"},
        {
            "en": "declined for good: the card is reported lost",
            "zh-Hans": "付款永久被拒：卡片已挂失",
        },
    ),
    66603: (
        {"approval": True},
        {"en": "always asks for the bank's approval", "zh-Hans": "总是需要银行验证"},
    ),
    66604: (
        {"webhook": "lost"},
        {"en": "the webhook is lost, the browser returns", "zh-Hans": "回调丢失，浏览器正常返回"},
    ),
    66605: (
        {"webhook": "duplicate:3"},
        {"en": "each webhook is sent three times", "zh-Hans": "每个回调发送三次"},
    ),
    66606: (
        {"webhook": "delay:20"},
        {"en": "the webhook comes 20 seconds late", "zh-Hans": "回调延迟 20 秒"},
    ),
    66607: ({"refund": "refused"}, {"en": "refunds are refused", "zh-Hans": "退款被拒绝"}),
    66608: (
        {"refund": "delay:20"},
        {"en": "refunds stay pending for 20 seconds", "zh-Hans": "退款等待 20 秒后完成"},
    ),
    66609: (
        {"browser_return": False},
        {"en": "the browser does not return after paying", "zh-Hans": "付款后浏览器不返回"},
    ),
    66610: (
        {"webhook": "lost", "browser_return": False},
        {"en": "neither webhook nor browser return", "zh-Hans": "既无回调，浏览器也不返回"},
    ),
}


def magic_behaviour(amount_minor: int) -> dict[str, object]:
    """The behaviour that an amount carries; empty for an ordinary one."""
    return dict(MAGIC_AMOUNTS[amount_minor][0]) if amount_minor in MAGIC_AMOUNTS else {}

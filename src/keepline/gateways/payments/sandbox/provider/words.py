"""The words on the provider's pages, English and Simplified Chinese."""

from typing import Final

LANGUAGES: Final[dict[str, tuple[str, str]]] = {  # ours -> Babel's, shown name
    "en": ("en", "English"),
    "zh-Hans": ("zh_Hans_CN", "简体中文"),
}

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "provider": "Sandbox provider",
        "no_money": "No real money moves here",
        "checkout_title": "Pay {seller}",
        "pay_to": "Payment to",
        "for": "For",
        "reference": "Reference",
        "method": "Paying with",
        "card": "Test card",
        "card_note": "Nothing to type. This card belongs to nobody.",
        "pay": "Pay {amount}",
        "approval": "Pay, my bank asks me to approve",
        "decline": "Let the payment be declined",
        "cancel": "Cancel and go back to {seller}",
        "others": "Try another outcome",
        "minutes": "This page stays open for {minutes} more minutes.",
        "minute": "This page stays open for less than two minutes.",
        "behaviours": "Behaviours for tests",
        "behaviours_note": "What goes wrong after you choose above.",
        "delay": "Webhook delay, seconds",
        "copies": "Webhook sent how many times",
        "out_of_order": "Webhooks arrive out of order",
        "lost": "The webhook is lost",
        "no_return": "The browser does not return",
        "approval_title": "Approve this payment",
        "approval_note": "This page stands for the one where your bank asks you to approve.",
        "approve": "Approve {amount}",
        "refuse": "Do not approve",
        "captured_title": "Paid",
        "captured_note": "{seller} has been told. You can close this page.",
        "declined_title": "The payment was declined",
        "declined_note": "Nothing was taken. Go back to {seller} to try again.",
        "expired_title": "This payment is closed",
        "expired_note": "Nothing was taken. Go back to {seller} to start again.",
        "back": "Back to {seller}",
        "code": "Reason",
        "missing_title": "There is no such payment",
        "missing_note": "The address is wrong or incomplete. Start again from the seller's page.",
        "wrong_title": "That could not be read",
        "wrong_note": "A value in the test form is out of range. Go back and try again.",
        "home_title": "A payment provider to try things with",
        "home_note": "It behaves as a real one does, on good days and on bad ones, and takes no"
        " money. These amounts, in minor units of any currency, misbehave by themselves:",
        "amount": "Amount",
        "effect": "What happens",
    },
    "zh-Hans": {
        "provider": "沙盒支付平台",
        "no_money": "此处不会发生真实扣款",
        "checkout_title": "向 {seller} 付款",
        "pay_to": "收款方",
        "for": "商品",
        "reference": "订单号",
        "method": "付款方式",
        "card": "测试卡",
        "card_note": "无需填写任何信息，这张卡不属于任何人。",
        "pay": "支付 {amount}",
        "approval": "支付（需银行验证）",
        "decline": "模拟付款被拒",
        "cancel": "取消并返回 {seller}",
        "others": "尝试其他结果",
        "minutes": "本页面将在 {minutes} 分钟后关闭。",
        "minute": "本页面将在两分钟内关闭。",
        "behaviours": "测试行为",
        "behaviours_note": "在上方选择之后出现的异常情况。",
        "delay": "回调延迟（秒）",
        "copies": "回调发送次数",
        "out_of_order": "回调乱序到达",
        "lost": "回调丢失",
        "no_return": "浏览器不返回商家",
        "approval_title": "确认这笔付款",
        "approval_note": "此页面模拟银行要求您确认付款的步骤。",
        "approve": "确认支付 {amount}",
        "refuse": "不同意",
        "captured_title": "付款成功",
        "captured_note": "已通知 {seller}，您可以关闭此页面。",
        "declined_title": "付款被拒绝",
        "declined_note": "未扣款。请返回 {seller} 重试。",
        "expired_title": "这笔付款已关闭",
        "expired_note": "未扣款。请返回 {seller} 重新下单。",
        "back": "返回 {seller}",
        "code": "原因",
        "missing_title": "找不到这笔付款",
        "missing_note": "地址有误或不完整，请从商家页面重新开始。",
        "wrong_title": "无法识别提交的内容",
        "wrong_note": "测试表单中有超出范围的值，请返回重试。",
        "home_title": "用于试验的支付平台",
        "home_note": "它在正常和异常情况下的表现都与真实平台一致，但不会扣款。"
        "以下金额（任意币种的最小单位）会自动触发异常：",
        "amount": "金额",
        "effect": "结果",
    },
}


def language_of(*wishes: str | None) -> str:
    """The first wish that names a language we have, else English."""
    for wish in wishes:
        if wish and wish.lower().startswith("zh"):
            return "zh-Hans"
        if wish and wish.lower().startswith("en"):
            return "en"
    return "en"

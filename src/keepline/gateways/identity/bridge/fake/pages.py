"""The fake's own page, where the holder would show documents: here they say how it shall end."""

from html import escape
from typing import Final

# By what was chosen: result, reason, country, whether of age.
DECISIONS: Final = {
    "verified": ("verified", "", "GB", True),
    "unreadable": ("refused", "unreadable", "", None),
    "document_expired": ("refused", "document_expired", "GB", True),
    "too_young": ("refused", "too_young", "GB", False),
    "expired": ("expired", "", "", None),
}
WORDS: Final = {
    "en": {
        "title": "Fake identity check",
        "note": "A real provider would ask for a document and your face. This one asks nothing, "
        "keeps nothing, and lets you say how it ends.",
        "verified": "I am who I say",
        "unreadable": "The picture is blurred",
        "document_expired": "The document has expired",
        "too_young": "I am too young",
        "expired": "I never finish",
        "ended": "This check has ended.",
        "missing": "There is no such check.",
        "back": "Back",
    },
    "zh": {
        "title": "模拟身份核验",
        "note": "真实的服务商会要求出示证件并拍摄面部。这里什么也不问，什么也不留，由您决定结果。",
        "verified": "我就是本人",
        "unreadable": "照片模糊",
        "document_expired": "证件已过期",
        "too_young": "我未达年龄",
        "expired": "一直未完成",
        "ended": "本次核验已结束。",
        "missing": "没有这项核验。",
        "back": "返回",
    },
    "ru": {
        "title": "Учебная проверка личности",
        "note": "Настоящий сервис попросил бы документ и ваше лицо. Этот ничего не спрашивает, "
        "ничего не хранит и даёт вам самим выбрать исход.",
        "verified": "Это действительно я",
        "unreadable": "Снимок размыт",
        "document_expired": "Срок документа истёк",
        "too_young": "Мне мало лет",
        "expired": "Я так и не закончу",
        "ended": "Эта проверка завершена.",
        "missing": "Такой проверки нет.",
        "back": "Назад",
    },
    "uk": {
        "title": "Навчальна перевірка особи",
        "note": "Справжній сервіс попросив би документ і ваше обличчя. Цей нічого не питає, "
        "нічого не зберігає і дає вам самим обрати наслідок.",
        "verified": "Це справді я",
        "unreadable": "Знімок розмитий",
        "document_expired": "Строк документа сплив",
        "too_young": "Мені замало років",
        "expired": "Я так і не завершу",
        "ended": "Цю перевірку завершено.",
        "missing": "Такої перевірки немає.",
        "back": "Назад",
    },
}
STYLE: Final = (
    ":root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;"
    "box-sizing:border-box;background:Canvas;color:CanvasText}"
    "main{max-width:26rem;width:100%}h1{font-size:1.5rem;line-height:1.2;margin:0 0 .5rem}"
    "p{margin:0 0 1.5rem;opacity:.8}form{display:grid;gap:.5rem}"
    "button,a{font:inherit;padding:.7rem 1rem;border-radius:.6rem;border:1px solid color-mix("
    "in srgb,CanvasText 25%,transparent);background:transparent;color:inherit;cursor:pointer;"
    "text-align:start;text-decoration:none;display:block}"
    "button:first-child{background:#1a5fb4;border-color:#1a5fb4;color:#fff}"
)


def words_in(language: str) -> tuple[str, dict[str, str]]:
    """The language that is spoken for the one that was asked for, and its words."""
    plain = language.lower().partition("-")[0]
    spoken = plain if plain in WORDS else "en"
    return spoken, WORDS[spoken]


def page(check_id: str, language: str) -> str:
    """The page of a check that is pending."""
    spoken, words = words_in(language)
    buttons = "".join(
        f'<button name="choice" value="{choice}">{escape(words[choice])}</button>'
        for choice in DECISIONS
    )
    action = f"/checks/{escape(check_id)}"
    form = f'<form method="post" action="{action}">{buttons}</form>'
    return _framed(spoken, words, f"<p>{escape(words['note'])}</p>{form}")


def ended(return_url: str, language: str) -> str:
    """The page of a check that is over."""
    spoken, words = words_in(language)
    back = f'<a href="{escape(return_url)}">{escape(words["back"])}</a>'
    return _framed(spoken, words, f"<p>{escape(words['ended'])}</p>{back}")


def missing() -> str:
    """There is none."""
    spoken, words = words_in("en")
    return _framed(spoken, words, f"<p>{escape(words['missing'])}</p>")


def _framed(language: str, words: dict[str, str], content: str) -> str:
    title = escape(words["title"])
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{title}</title><style>{STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{content}</main></body></html>"
    )

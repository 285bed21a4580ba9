"""The languages of Stripe's page; others are left to the browser."""

from typing import Final

LOCALES: Final = (
    "bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl"
    " pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
)
CHINESE: Final = {"zh-Hans": "zh", "zh-Hant": "zh-TW", "zh-Hant-HK": "zh-HK"}


def locale_of(language: str) -> str:
    """Stripe's word for a BCP 47 language."""
    known = LOCALES.split()
    candidates = (language, CHINESE.get(language, ""), language.partition("-")[0])
    return next((one for one in candidates if one in known), "auto")

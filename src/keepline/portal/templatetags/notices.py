"""Topics, channels and outcomes of messages in templates. A code without a word shows itself."""

from django import template
from django.utils.translation import gettext as _

from keepline.portal.notice_words import BADGES, CHANNELS, OUTCOMES, TOPICS

register = template.Library()


@register.filter
def topic_name(code: str) -> str:
    return str(TOPICS[code][0])


@register.filter
def topic_about(code: str) -> str:
    return str(TOPICS[code][1])


@register.filter
def channel_name(code: str) -> str:
    return str(CHANNELS.get(code, code))


@register.filter
def message_outcome(code: str) -> str:
    return str(OUTCOMES.get(code, code))


@register.filter
def outcome_badge(code: str) -> str:
    return BADGES.get(code, "")


@register.filter
def in_words(text: str) -> str:
    """A text of the catalogue that was marked where it stands."""
    return _(text)

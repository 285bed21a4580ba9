"""Says why an identity check was refused, and what to do, in the reader's language."""

from typing import Final, NamedTuple

from django import template
from django.utils.translation import gettext, gettext_noop

register = template.Library()


class Words(NamedTuple):
    """What happened, and what to do about it."""

    why: str
    what: str


SAYS: Final = {
    "unreadable": Words(
        gettext_noop("The document or the picture of you could not be read."),
        gettext_noop("Try again in good light, with the whole document in the picture."),
    ),
    "document_expired": Words(
        gettext_noop("The document is not valid any more."),
        gettext_noop("Try again with one that is valid."),
    ),
    "document_not_accepted": Words(
        gettext_noop("Such a document is not taken."),
        gettext_noop("Try again with another one: a passport is taken nearly everywhere."),
    ),
    "not_the_holder": Words(
        gettext_noop("The picture of you and the document do not fit together."),
        gettext_noop("Try again yourself, with your own document."),
    ),
    "too_young": Words(
        gettext_noop("You are not of the age that the law wants for such a line."),
        gettext_noop("Somebody who is may buy it in an account of theirs."),
    ),
    "other": Words(
        gettext_noop("The check did not go through."),
        gettext_noop("Try again, or ask us."),
    ),
}
STAGES: Final = {
    "not_asked": gettext_noop("not asked"),
    "pending": gettext_noop("under way"),
    "verified": gettext_noop("shown"),
    "refused": gettext_noop("did not go through"),
    "expired": gettext_noop("not finished in time"),
}


@register.filter
def identity_why(reason: str) -> str:
    """Why it was refused; one sentence for all that we have no word for."""
    return gettext(SAYS.get(reason, SAYS["other"]).why)


@register.filter
def identity_what(reason: str) -> str:
    """What to do about it."""
    return gettext(SAYS.get(reason, SAYS["other"]).what)


@register.filter
def identity_stage(stage: str) -> str:
    """How far it has come, as one says it after "identity"."""
    return gettext(STAGES[stage])

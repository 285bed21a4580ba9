"""Refusals of identity checks; flows/errors.py has them with all others."""

from django.utils.translation import gettext_noop

from keepline.core.refusal import Refusal

OF_IDENTITY: dict[str, Refusal] = {
    "identity_needed": Refusal(
        403,
        gettext_noop("Before this, the holder of such a line has to show who they are."),
        gettext_noop(
            "Nothing was taken. The check takes a few minutes; it is in the portal, under Account."
        ),
    ),
    "no_identity_check": Refusal(
        503,
        gettext_noop("This wants an identity check of the holder first, and none can be made now."),
        gettext_noop("Nothing was taken. Come back later, or ask us."),
    ),
    "identity_tries": Refusal(
        429,
        gettext_noop("The identity check was begun as often as it may be within a day."),
        gettext_noop("Its page says from when on it can be tried again. Or ask us."),
        retryable=True,
    ),
    "identity_silent": Refusal(
        503,
        gettext_noop("The identity check cannot be reached right now."),
        gettext_noop("Nothing is lost. Try again in a few minutes."),
        retryable=True,
    ),
    "return_url_refused": Refusal(
        422,
        gettext_noop("The holder cannot be led back to this address."),
        gettext_noop("Give one of the addresses that the operator named for it, letter by letter."),
    ),
    "identity_verified": Refusal(
        409,
        gettext_noop("We know already who you are."),
        gettext_noop("Nothing more is asked."),
    ),
}

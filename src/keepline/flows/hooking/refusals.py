"""Refusals of endpoints and browsers; flows/errors.py has them with all others."""

from django.utils.translation import gettext_noop

from keepline.core.refusal import Refusal

OF_ENDPOINTS: dict[str, Refusal] = {
    "try_later": Refusal(
        429,
        gettext_noop("So many test events may be sent in a minute, and no more."),
        gettext_noop("Wait a minute, then try again."),
        retryable=True,
    ),
    "endpoint_refused": Refusal(
        422,
        gettext_noop("Events cannot be sent to this address."),
        gettext_noop(
            "Give an https address on the internet, port 443 or 8443, without a password in it."
        ),
    ),
    "endpoints_full": Refusal(
        409,
        gettext_noop("There are as many endpoints as there may be."),
        gettext_noop("Remove one of them first."),
    ),
    "endpoint_off": Refusal(
        409,
        gettext_noop("This endpoint is switched off."),
        gettext_noop("Switch it on first."),
    ),
    "event_unknown": Refusal(
        422,
        gettext_noop("There is no such event."),
        gettext_noop("Choose among the events listed, or none of them for all."),
    ),
    "name_refused": Refusal(
        422,
        gettext_noop("It cannot bear this name."),
        gettext_noop("Use up to 60 characters in one line, none of them invisible."),
    ),
    "push_unavailable": Refusal(
        409,
        gettext_noop("This operator sends no messages to browsers."),
        gettext_noop("Choose another way to be told."),
    ),
    "subscription_refused": Refusal(
        422,
        gettext_noop("This browser's subscription cannot be used."),
        gettext_noop("Nothing has changed. Try again, or use another browser."),
    ),
}

"""Refusals of deliveries, SIMs and eSIMs; flows/errors.py has them with all others."""

from django.utils.translation import gettext_noop

from keepline.core.refusal import Refusal

OF_DELIVERIES: dict[str, Refusal] = {
    "sim_not_for_plan": Refusal(
        422,
        gettext_noop("This plan does not come with such a SIM."),
        gettext_noop("Choose one of the kinds of SIM that the plan's page offers."),
    ),
    "esim_not_ready": Refusal(
        409,
        gettext_noop("This eSIM has no code that a phone could use now."),
        gettext_noop("The line's eSIM page says how far it has come and what to do next."),
    ),
    "eid_refused": Refusal(
        422,
        gettext_noop("This EID cannot be used."),
        gettext_noop(
            "It has 32 digits that begin with 89, and goes with an eSIM only. Dial *#06# to see it."
        ),
    ),
    "cancel_refused": Refusal(
        409,
        gettext_noop("This order cannot be cancelled."),
        gettext_noop(
            "Only one whose number is still to come from another operator can, until shortly "
            "before its date."
        ),
    ),
    "arrival_settled": Refusal(
        409,
        gettext_noop("Nobody need decide about this number any more."),
        gettext_noop("Look at the order: its line lives by now, or somebody has decided."),
    ),
    "no_smdp_plus": Refusal(
        422,
        gettext_noop("eSIM profiles cannot be ordered here right now."),
        gettext_noop("Nothing was taken. Choose a physical SIM, or come back later."),
    ),
}

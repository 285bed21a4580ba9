"""Pages for what went wrong. They say what happened, what it means for money, what to do now.

Django calls them with `exception` and `reason` by name, needed or not.
"""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _


class Trouble(NamedTuple):
    title: str
    text: str


def page(request: HttpRequest, status: int, trouble: Trouble) -> HttpResponse:
    """error.html with the portal's frame; `status` is the HTTP status."""
    return render(request, "error.html", {"trouble": trouble, "status": status}, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return page(
        request,
        404,
        Trouble(
            _("Nothing here"),
            _("The page does not exist, or it belongs to somebody else's account."),
        ),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return page(
        request,
        403,
        Trouble(_("Not allowed"), _("Your role in this account does not permit this.")),
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return page(
        request,
        400,
        Trouble(
            _("We could not read that"),
            _("Please go back, reload the page and try again."),
        ),
    )


def forbidden_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form without its token: the page was open too long, or another site sent it."""
    return page(
        request,
        403,
        Trouble(
            _("The page was open too long"),
            _("Nothing was changed and nothing was paid. Please go back, reload and try again."),
        ),
    )


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """allauth's rate limits end here."""
    return page(
        request,
        429,
        Trouble(_("Too many attempts"), _("Please wait a few minutes, then try again.")),
    )


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Touches neither database nor session: either may be what failed."""
    trouble = Trouble(
        _("Something failed on our side"),
        _(
            "We have been told. If you were paying: an order is either carried out or refunded "
            "by itself, you need not pay again."
        ),
    )
    return HttpResponse(
        render_to_string("error_plain.html", {"trouble": trouble, "status": 500}),
        status=500,
    )

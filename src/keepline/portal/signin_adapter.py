"""allauth's view of our users where they meet the rest of the house: a number and its holder."""

from typing import Any

import structlog
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.db import IntegrityError
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from keepline.accounts import adapter as accounts
from keepline.accounts.contacts import now_of
from keepline.accounts.models import User
from keepline.accounts.phones import spoken
from keepline.flows.change_phone import change_phone
from keepline.flows.errors import FlowRefused

log = structlog.get_logger()


class AccountAdapter(accounts.AccountAdapter):
    """As in accounts; a confirmed number goes the way of a flow, and the old one is told."""

    def set_phone_verified(self, user: User, phone: str) -> None:
        try:
            before = change_phone(user.pk, phone, now_of(user))
        except FlowRefused as refused:
            messages.error(context.request, f"{refused.title} {refused.hint}")
            raise ImmediateHttpResponse(_elsewhere()) from refused
        except IntegrityError:
            messages.error(context.request, self.error_messages["phone_taken"])
            raise ImmediateHttpResponse(_elsewhere()) from None
        user.refresh_from_db(fields=["phone", "phone_verified", "former_phone"])
        if before:
            self._tell_of_change(user, before, phone)

    def set_password(self, user: User, password: str) -> None:
        """What else of the user changed meanwhile stays changed."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def _tell_of_change(self, user: User, before: str, phone: str) -> None:
        """Where its owner still reads: the old number, and the e-mail."""
        text = _(
            "The mobile number of your Keepline account was replaced by %(phone)s. If it was not "
            "you, set a new password by e-mail at once."
        )
        accounts.try_sms(before, text % {"phone": spoken(phone)})
        told: dict[str, Any] = {"before": spoken(before), "phone": spoken(phone)}
        self.send_notification_mail("account/email/phone_changed", user, told)


def _elsewhere() -> Any:
    signed_in = context.request.user.is_authenticated
    return redirect("account_change_phone" if signed_in else "account_login")

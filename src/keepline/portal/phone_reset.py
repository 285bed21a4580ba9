"""A new password by SMS, for those who sign in by phone. E-mail goes allauth's way by link.

The answer to a number with an account and to one without is the same page and one SMS.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import BaseConfirmCodeForm
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.password_reset import finalize_password_reset
from allauth.account.views import PasswordResetView as AllauthPasswordResetView
from allauth.core import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.generic.edit import FormView

from keepline.accounts import queries
from keepline.accounts.models import User
from keepline.portal.signin_forms import NewPasswordForm, PlainWidgets

SESSION_KEY = "phone_reset"
TRIES = 3


class PhoneReset(AbstractCodeVerificationProcess):  # type: ignore[misc]
    """One reset under way, kept in the session: number, code, tries, confirmed or not."""

    def __init__(self, request: HttpRequest, state: dict[str, Any], user: User | None = None):
        self.request = request
        super().__init__(
            user=user,
            state=state,
            timeout=settings.ACCOUNT_PHONE_VERIFICATION_TIMEOUT,
            max_attempts=TRIES,
        )

    @classmethod
    def initiate(cls, request: HttpRequest, phone: str) -> "PhoneReset":
        user = queries.user_by_phone(phone)
        if user is not None and not user.is_active:
            user = None
        process = cls(request, cls.initial_state(user=user, phone=phone), user)
        process.send()
        return process

    @classmethod
    def resume(cls, request: HttpRequest) -> "PhoneReset | None":
        state = request.session.get(SESSION_KEY)
        if not state:
            return None
        found: PhoneReset | None = cls(request, state).abort_if_invalid()
        return found

    def send(self) -> None:
        phone = self.state["phone"]
        ratelimit.consume(self.request, action="verify_phone", key=phone, raise_exception=True)
        adapter = get_adapter()
        if self.user:
            code = adapter.generate_phone_verification_code(user=self.user, phone=phone)
            self.state["code"] = code
            adapter.send_verification_code_sms(user=self.user, phone=phone, code=code)
        else:
            adapter.send_unknown_account_sms(phone)
        self.persist()

    def persist(self) -> None:
        self.request.session[SESSION_KEY] = self.state
        self.request.session.modified = True

    def abort(self) -> None:
        self.request.session.pop(SESSION_KEY, None)

    def confirm(self) -> None:
        self.state["confirmed"] = True
        self.persist()


class CodeForm(PlainWidgets, BaseConfirmCodeForm):  # type: ignore[misc]
    """allauth's: an empty expectation fits no code."""


class PasswordResetView(AllauthPasswordResetView):  # type: ignore[misc]
    """One field; a number is asked for a code on the next page."""

    def form_valid(self, form: Any) -> HttpResponse:
        if not form.phone:
            answer: HttpResponse = super().form_valid(form)
            return answer
        limited = ratelimit.consume_or_429(self.request, action="reset_password", key=form.phone)
        if limited:
            return limited  # type: ignore[no-any-return]
        PhoneReset.initiate(self.request, form.phone)
        return redirect("phone_reset_code")


class _Step(FormView):  # type: ignore[type-arg]
    """A page of a reset under way; without one it leads back to the start."""

    confirmed = False
    process: PhoneReset

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        process = PhoneReset.resume(request)
        if process is None or bool(process.state.get("confirmed")) != self.confirmed:
            return redirect("account_reset_password")
        self.process = process
        return super().dispatch(request, *args, **kwargs)


class CodeView(_Step):
    template_name = "account/phone_reset_code.html"
    form_class = CodeForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "code": self.process.code}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "phone": self.process.state["phone"]}

    def form_valid(self, form: Any) -> HttpResponse:  # noqa: ARG002 (its code was compared)
        self.process.confirm()
        return redirect("phone_reset_password")

    def form_invalid(self, form: Any) -> HttpResponse:
        if self.process.record_invalid_attempt():
            return super().form_invalid(form)
        return redirect("account_reset_password")


class PasswordView(_Step):
    template_name = "account/password_reset_from_key.html"
    form_class = NewPasswordForm
    confirmed = True

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.process.user}

    def form_valid(self, form: Any) -> HttpResponse:
        user, phone = self.process.user, self.process.state["phone"]
        if user is None or user.phone != phone:  # the number was detached meanwhile
            self.process.abort()
            return redirect("account_reset_password")
        self.process.abort()
        if not user.phone_verified:
            get_adapter().set_phone_verified(user, phone)
        form.save()
        finalize_password_reset(self.request, user)
        return redirect("account_reset_password_from_key_done")


reset_password = never_cache(PasswordResetView.as_view())
code = never_cache(CodeView.as_view())
new_password = never_cache(PasswordView.as_view())

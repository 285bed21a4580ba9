"""What sign-in has beyond allauth's pages; stands before allauth's own under /accounts/."""

from django.urls import path

from keepline.portal import phone_reset, sessions

urlpatterns = [
    path("password/reset/", phone_reset.reset_password, name="account_reset_password"),
    path("password/reset/code/", phone_reset.code, name="phone_reset_code"),
    path("password/reset/new/", phone_reset.new_password, name="phone_reset_password"),
    path("sessions/<int:session_id>/end/", sessions.end_session, name="end_session"),
]

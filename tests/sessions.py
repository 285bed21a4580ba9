"""Somebody signed in, without going through the forms: those have tests of their own."""

from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from keepline.accounts.models import User


def signed_in(email: str) -> Client:
    """Who has just typed the password: allauth's guarded pages open too."""
    from allauth.account.internal.flows.login import record_authentication
    from allauth.usersessions.models import UserSession

    client, request = Client(HTTP_ACCEPT_LANGUAGE="en"), HttpRequest()
    request.user = User.objects.get(email=email)
    client.force_login(request.user, settings.AUTHENTICATION_BACKENDS[-1])
    request.session = client.session
    request.META["REMOTE_ADDR"] = "127.0.0.1"
    record_authentication(request, request.user, "password", email=email, reauthenticated=True)
    request.session.save()
    UserSession.objects.create_from_request(request)
    return client

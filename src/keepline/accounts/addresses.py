"""Where a request comes from, as sign-in sees it: one way for all limits."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The caller's IP address. Headers count only when proxies of ours wrote them."""
    return str(get_adapter(request).get_client_ip(request))

"""The Idempotency-Key header: one key, one intent, one effect."""

import re

from django.http import HttpRequest

from keepline.flows.errors import FlowRefused

KEY = re.compile(r"[\x21-\x7e]{8,64}")
REPLAYED = {"Idempotent-Replayed": "true"}


def key_of(request: HttpRequest) -> str:
    """The request's key: 8 to 64 printable ASCII characters. Raises FlowRefused("key_missing")."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
    if not KEY.fullmatch(key):
        raise FlowRefused("key_missing")
    return str(key)

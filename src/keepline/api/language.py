"""The language of an answer: what the caller accepts, else what the token's user speaks."""

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

LONGEST_HEADER = 200


@lru_cache(maxsize=512)
def _accepted(header: str) -> str | None:
    for wanted, _quality in parse_accept_lang_header(header):
        if wanted == "*":
            return None
        try:
            return get_supported_language_variant(wanted)
        except LookupError:
            continue
    return None


def language_of(request: HttpRequest) -> str:
    """One of settings.LANGUAGES. Nothing but this request has a say in it: no cookie, no thread."""
    header = request.META.get("HTTP_ACCEPT_LANGUAGE", "")
    accepted = _accepted(header) if 0 < len(header) <= LONGEST_HEADER else None
    if accepted:
        return accepted
    spoken: str = getattr(getattr(request, "auth", None), "language", "")
    return spoken or settings.LANGUAGE_CODE

"""Who stands at the door of /live/: the session of the pages, looked at as Django does.

Runs in threads of its own, two at a time: each has a connection to the database.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections
from django.http import HttpRequest
from django.utils import timezone

from keepline.accounts.models import User
from keepline.accounts.watching import Pass, pass_for, still_good

Result = TypeVar("Result")
AT_ONCE = 2
LOCAL_NAMES = ("localhost", "127.0.0.1")
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="door")


async def pass_of(cookies: Mapping[str, str]) -> Pass | None:
    """By the session's cookie; None for who is not signed in, or may read no messages."""
    session_key = cookies.get(settings.SESSION_COOKIE_NAME, "")
    return await _off_the_loop(lambda: _pass_of(session_key)) if session_key else None


def _pass_of(session_key: str) -> Pass | None:
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    return pass_for(user, session_key) if isinstance(user, User) else None


async def good_among(passes: Sequence[Pass]) -> set[Pass]:
    """Those that still are good."""
    return await _off_the_loop(lambda: still_good(passes, timezone.now()))


async def _off_the_loop(work: Callable[[], Result]) -> Result:
    def done() -> Result:
        close_old_connections()
        try:
            return work()
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_threads, done)


def origins() -> set[str]:
    """Origins of our pages: who else asks gets no answer that a browser would show them."""
    public = urlsplit(settings.ENV.public_url)
    own = {f"{public.scheme}://{public.netloc}"}
    if not settings.PRODUCTION:
        own |= {f"http://{name}:{settings.ENV.port}" for name in LOCAL_NAMES}
    return own

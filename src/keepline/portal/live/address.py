"""Where pages find `keepline live`."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest


def live_address(request: HttpRequest, line_id: UUID | None) -> str:
    """Of the events of one line, or of all of the account's.

    Where no address was set, production has a proxy before both programs; elsewhere the page's own
    host name is taken, as a cookie of localhost is none of 127.0.0.1.
    """
    base: str = settings.ENV.live_url
    if not base and not settings.PRODUCTION:
        host = request.get_host().rpartition(":")[0] or request.get_host()
        base = f"http://{host}:{settings.ENV.live_port}"
    return f"{base}/live/" + (f"?line={line_id}" if line_id else "")

"""WSGI entry point, served by granian."""

import gc
import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from keepline.gateways import switchboard
from keepline.gateways.payments.bulkhead import Bulkhead

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def read_to_the_end(answer: Wsgi) -> Wsgi:
    """An application that has seen a request's body before it answers, wanted or not.

    Whoever is refused by a header alone would otherwise be answered while the body is on its way:
    the server then closes the connection without a word, and the client's next request on it is
    lost. Of a body larger than what we ever take in the rest is left, and with it the connection.
    """

    def answer_when_all_is_read(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        response = answer(environ, start_response)
        if environ.get("CONTENT_LENGTH") or environ.get("HTTP_TRANSFER_ENCODING"):
            environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        return response

    return answer_when_all_is_read


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepline.config.settings")
application = read_to_the_end(get_wsgi_application())
switchboard.put_before_payments(Bulkhead)

# What is loaded now stays for good: the collector need not walk it at every request.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 50)

"""Requests whose body nobody wanted: who is refused by a header alone keeps the connection.

Such a request would be answered while its body is on its way: the server then closes the connection
without a word, and the client's next request on it is lost. So the rest is read before the answer
goes out, but by AT_ONCE threads at most, which are there besides those that serve pages
(cli/serve.py): a body may never come, and the server cannot stop waiting for it.
"""

from collections.abc import Callable, Iterable
from threading import BoundedSemaphore
from typing import Any, Final

AT_ONCE: Final = 4  # without a place the answer goes out at once, and the connection with it

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def read_to_the_end(answer: Wsgi, largest_bytes: int) -> Wsgi:
    """An application that has seen a request's body before it answers, wanted or not.

    Of a body larger than `largest_bytes` the rest is left, and with it the connection.
    """
    places = BoundedSemaphore(AT_ONCE)

    def answer_when_all_is_read(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        response = answer(environ, start_response)
        has_body = environ.get("CONTENT_LENGTH") or environ.get("HTTP_TRANSFER_ENCODING")
        if has_body and places.acquire(blocking=False):
            try:
                environ["wsgi.input"].read(largest_bytes)
            finally:
                places.release()
        return response

    return answer_when_all_is_read

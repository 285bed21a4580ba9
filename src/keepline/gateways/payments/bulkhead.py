"""A bulkhead before a payment provider: one that hangs holds a few threads, never all of them.

A web process asks each provider at most AT_ONCE things at a time. Who comes then waits a moment for
a place, and is told ProviderUnknown: nothing was sent, and what follows any silence follows (the
order is kept, its page says so, a worker asks). These threads are there besides those that serve
pages (cli/serve.py), so that all providers may hang at once and pages are served as before.

Workers have none: an order that waits for its turn there is better than one put off.
"""

from collections.abc import Callable
from functools import wraps
from threading import BoundedSemaphore
from typing import Any, Final

from .port import PaymentProvider, ProviderUnknown

AT_ONCE: Final = 4
WAIT_S: Final = 0.05  # for a place; who waits here keeps a thread from those who need no provider
ASKS_NOBODY: Final = frozenset({"verify_webhook"})  # a webhook shall not wait for its sender


class Bulkhead:
    """Stands for `adapter`, whatever the port has; safe to share between threads."""

    def __init__(
        self, adapter: PaymentProvider, at_once: int = AT_ONCE, wait_s: float = WAIT_S
    ) -> None:
        self._adapter = adapter
        self._places = BoundedSemaphore(at_once)
        self._wait_s = wait_s

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        return found if name in ASKS_NOBODY or not callable(found) else self._with_a_place(found)

    def _with_a_place(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def called(*arguments: Any, **named: Any) -> Any:
            if not self._places.acquire(timeout=self._wait_s):
                raise ProviderUnknown(f"{self._adapter.name}: all places wait for its answer")
            try:
                return call(*arguments, **named)
            finally:
                self._places.release()

        return called

"""What keeps a preparation from going on."""

from datetime import datetime


class NotYet(Exception):
    """Somebody did not answer: it may have been done, and is asked again later.

    `at`: they did, and there is nothing to do before then; None: nobody knows.
    """

    def __init__(self, at: datetime | None = None) -> None:
        super().__init__(at)
        self.at = at


class Impossible(Exception):
    """It can never be done; `code` says why, and the money goes back."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

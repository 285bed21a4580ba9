"""What keeps a preparation from going on."""


class NotYet(Exception):
    """Somebody did not answer: it may have been done, and is asked again later."""


class Impossible(Exception):
    """It can never be done; `code` says why, and the money goes back."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

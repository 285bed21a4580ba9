"""Workers without threads."""


class OneByOne:
    """Stands where workers have their threads: a fork has only one, and the connections of others
    would outlive a test."""

    map = staticmethod(map)

    def __init__(self, _work: str, _threads: int = 1) -> None:
        pass

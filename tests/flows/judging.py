"""A judge of rows that never comes to an end; other processes import it."""

import time
from collections.abc import Sequence


class EndlessJudge:
    """keepline.flows.importing.pipeline.RowJudge."""

    def __init__(self) -> None:
        self._judged = 0

    def judge(self, _line_number: int, _values: Sequence[str]) -> str:
        self._judged += 1
        if self._judged > 1:
            time.sleep(3600)
        return "007\tA-1"

    def slot_of(self, _values: Sequence[str]) -> int:
        return 7

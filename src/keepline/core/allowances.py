"""What a plan gives and what is left of it: data, voice, SMS. None is without limit."""

from dataclasses import dataclass
from typing import Self

__all__ = ["NOTHING", "Allowance"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """Bytes, seconds, messages; None is unlimited, 0 is none."""

    data_bytes: int | None
    voice_seconds: int | None
    sms_count: int | None

    def plus(self, other: Self) -> "Allowance":
        """Both together; without limit stays without limit."""
        return Allowance(
            _plus(self.data_bytes, other.data_bytes),
            _plus(self.voice_seconds, other.voice_seconds),
            _plus(self.sms_count, other.sms_count),
        )

    def less(self, data_bytes: int, voice_seconds: int, sms_count: int) -> "Allowance":
        """What is left after use; never below zero, however late the use is counted."""
        return Allowance(
            _less(self.data_bytes, data_bytes),
            _less(self.voice_seconds, voice_seconds),
            _less(self.sms_count, sms_count),
        )

    def covers(self, other: Self) -> bool:
        """Whether there is no less of anything than in the other."""
        pairs = (
            (self.data_bytes, other.data_bytes),
            (self.voice_seconds, other.voice_seconds),
            (self.sms_count, other.sms_count),
        )
        return all(one is None or (least is not None and one >= least) for one, least in pairs)

    def as_facts(self) -> dict[str, int | None]:
        """For receipts and the API; unlimited is null."""
        return {
            "data_bytes": self.data_bytes,
            "voice_seconds": self.voice_seconds,
            "sms_count": self.sms_count,
        }


NOTHING = Allowance(0, 0, 0)


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _less(granted: int | None, used: int) -> int | None:
    return None if granted is None else max(0, granted - used)

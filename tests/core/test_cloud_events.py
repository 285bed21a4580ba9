"""The envelope: CloudEvents 1.0, the same bytes for the same event, and texts that sort by time."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from keepline.core.cloud_events import envelope, sequence
from keepline.core.retries import WEBHOOK_PAUSES, spread

EVENT, LINE = UUID(int=1), UUID(int=2)
AT = datetime(2026, 3, 10, 13, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC))


def test_what_the_standard_asks_for_is_there() -> None:
    body = envelope(EVENT, "line.renewed", "https://lines.example", LINE, AT, {"线路": LINE})
    event = json.loads(body)
    assert event == {
        "specversion": "1.0",
        "id": str(EVENT),
        "source": "https://lines.example",
        "type": "line.renewed",
        "subject": str(LINE),
        "time": "2026-03-10T12:00:00.000005Z",
        "datacontenttype": "application/json",
        "sequence": f"00001773144000000005-{EVENT}",
        "data": {"线路": str(LINE)},
    }
    assert "线路".encode() in body
    assert body == envelope(
        EVENT, "line.renewed", "https://lines.example", LINE, AT, {"线路": LINE}
    )
    assert "subject" not in json.loads(envelope(EVENT, "x.y", "s", None, AT, {}))


@given(INSTANTS, INSTANTS, st.uuids(), st.uuids())
def test_sequences_sort_as_events_happened(
    first: datetime, second: datetime, one: UUID, other: UUID
) -> None:
    texts = sequence(first, one) < sequence(second, other)
    assert texts == ((first, one) < (second, other))


@given(st.uuids())
def test_tries_are_spread_and_never_early(who: UUID) -> None:
    for pause in WEBHOOK_PAUSES:
        assert pause <= spread(pause, who) < pause * 9 / 8
